"""Pulp's own processes: the preloaded one, the API, the content app and the worker."""

import signal
from collections.abc import Collection
from dataclasses import replace

from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.ports import Listener
from pulp_cargo.serve.processes import ForkSpec, ProcessSpec, python_command

_CHILD = "pulp_cargo.serve.child"
# No statement of a request continues after cargo's timeout of 30 seconds; tasks may take longer.
# Set by the environment, since all of Pulp's processes read the same settings.
CONTENT_TIMEOUT = {"PGOPTIONS": "-c statement_timeout=30s"}


def preload(data: DataDir, *listeners: Listener) -> ProcessSpec:
    """Return the process that loads Pulp, fills the database and forks the others."""
    inherited = tuple(listener.socket.fileno() for listener in listeners)
    return _in_python(data, "pulp", "pulp_cargo.serve.preload", inherited=inherited)


def can_fork(spec: ProcessSpec) -> bool:
    """Whether the preloaded process can fork a process, since that runs Pulp."""
    return _CHILD in spec.argv


def fork_of(spec: ProcessSpec, inherited: Collection[int]) -> ForkSpec:
    """Return how to fork a process instead of starting it; `inherited` are all open sockets."""
    return ForkSpec(
        name=spec.name,
        arguments=spec.argv[spec.argv.index(_CHILD) + 1 :],
        log=str(spec.log),
        cwd=str(spec.cwd),
        environ=spec.environ,
        closed=tuple(set(inherited) - set(spec.inherited)),
    )


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
    spec = _in_python(data, "worker", _CHILD, "worker", "pulpcore.tasking.entrypoint:worker")
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
    return _in_python(data, name, _CHILD, name, entry_point, *options, inherited=(inherited,))


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
