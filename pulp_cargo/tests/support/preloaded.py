"""A fast `pulp`: a process that has imported it forks for every command.

A shell starts `preloaded_client.py`; `preloaded_server.py` does the work.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pulp_cargo.tests.support import preloaded_client

SERVER = "pulp_cargo.tests.support.preloaded_server"


@contextmanager
def preloaded(environ: Mapping[str, str]) -> Iterator[Path]:
    """Run such a `pulp`; yields a directory like a virtual environment with it.

    pulp-cli looks up the user's directories at import, so each home needs its own process.
    """
    with (
        tempfile.TemporaryDirectory(prefix="pulp-") as folder,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        scripts = Path(folder) / "bin"
        _write_client(scripts)
        # Bound here, so that no command can connect too early.
        listener.bind(f"{scripts}/socket")
        listener.listen(64)
        with _server(listener, environ):
            yield Path(folder)


def with_path(environ: Mapping[str, str], venv: Path) -> dict[str, str]:
    """Return the environment with the programs of a virtual environment first in PATH."""
    return {**environ, "PATH": f"{venv}/bin{os.pathsep}{environ['PATH']}"}


def _write_client(scripts: Path) -> None:
    """Write an executable for a Python that does not look for installed packages."""
    scripts.mkdir()
    client = scripts / "pulp"
    python = Path(sys.executable).resolve()
    client.write_text(f"#!{python} -IS\n{Path(preloaded_client.__file__).read_text()}")
    client.chmod(0o755)
    real = Path(sys.prefix) / "bin" / "activate"
    (scripts / "activate").write_text(f'. "{real}"\nPATH="{scripts}:$PATH"\n')


@contextmanager
def _server(listener: socket.socket, environ: Mapping[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", SERVER, str(listener.fileno())],
        env=dict(environ),
        # It ends with the process of the tests, for any reason.
        stdin=subprocess.PIPE,
        pass_fds=[listener.fileno()],
        start_new_session=True,
    )
    try:
        yield
    finally:
        # Including commands that are still running.
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
