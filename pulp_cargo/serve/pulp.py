"""Pulp's own processes: the bootstrap, the API, the content app and the worker."""

import signal
from dataclasses import replace

from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.ports import Listener
from pulp_cargo.serve.processes import ProcessSpec, python_command

_CHILD = "pulp_cargo.serve.child"
# No statement of a request continues after cargo's timeout of 30 seconds; tasks may take longer.
# Set by the environment, since all of Pulp's processes read the same settings.
CONTENT_TIMEOUT = {"PGOPTIONS": "-c statement_timeout=30s"}


def bootstrap(data: DataDir, *, with_registry: bool, with_cache: bool) -> ProcessSpec:
    """Return the process that fills the database."""
    arguments = [f"--admin-password-file={data.admin_password}"]
    if with_registry:
        arguments.append(f"--token-file={data.token}")
    if with_cache:
        arguments.append("--with-cache")
    return _in_python(data, "bootstrap", "pulp_cargo.serve.bootstrap", *arguments)


def api(data: DataDir, listener: Listener) -> ProcessSpec:
    """Return the REST API."""
    return _server(data, "api", "pulpcore.app.entrypoint:main", listener, workers=1)


def content(data: DataDir, listener: Listener, *, workers: int) -> ProcessSpec:
    """Return the content app, which serves cargo."""
    entry_point = "pulpcore.content.entrypoint:main"
    spec = _server(data, "content", entry_point, listener, workers=workers)
    return replace(spec, environ={**spec.environ, **CONTENT_TIMEOUT})


def worker(data: DataDir) -> ProcessSpec:
    """Return the worker, which runs Pulp's tasks."""
    spec = _in_python(data, "worker", _CHILD, "pulpcore.tasking.entrypoint:worker")
    # After SIGTERM a worker waits for its task without limit, after SIGINT for TASK_GRACE_INTERVAL.
    return replace(spec, stop_signal=signal.SIGINT)


def _server(
    data: DataDir, name: str, entry_point: str, listener: Listener, *, workers: int
) -> ProcessSpec:
    inherited = listener.socket.fileno()
    options = (
        f"--bind=fd://{inherited}",
        f"--workers={workers}",
        # gunicorn's default of 2 s would make cargo reconnect constantly.
        "--keep-alive=75",
        "--graceful-timeout=3",
        # Both servers would open it at the same path.
        "--no-control-socket",
    )
    return _in_python(data, name, _CHILD, entry_point, *options, inherited=(inherited,))


def _in_python(
    data: DataDir, name: str, module: str, *arguments: str, inherited: tuple[int, ...] = ()
) -> ProcessSpec:
    return ProcessSpec(
        name=name,
        argv=python_command(module, *arguments),
        log=data.log(name),
        cwd=data.tmp,
        environ={
            "PULP_SETTINGS": str(data.settings_file),
            "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
        },
        inherited=inherited,
    )
