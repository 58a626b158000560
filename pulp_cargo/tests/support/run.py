"""What one run of the tests has in common, over all processes of pytest-xdist: a directory.

The process that was started makes it and names it in the environment, its workers find it there.
A stack that several workers share is started by the first one that needs it; the first process
stops it at the end of the run.
"""

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pulp_cargo.tests.functional.serve.launcher import Process, family, wait_for

VARIABLE = "PULP_CARGO_TESTS_DIR"
# The process of each stack that outlives the worker that started it.
PIDS = "*.pid"
STOP_SECONDS = 30


def directory() -> Path:
    """Return the directory of this run."""
    return Path(os.environ[VARIABLE])


def begin() -> bool:
    """Make the directory, unless another process has; return whether this one did."""
    if VARIABLE in os.environ:
        return False
    made = Path(tempfile.mkdtemp(prefix="pulp-cargo-tests-"))
    # PostgreSQL's account has to get through, and pytest's own directories are closed to others.
    made.chmod(0o755)
    os.environ[VARIABLE] = str(made)
    return True


def end() -> dict[str, float]:
    """Stop what is shared and remove the directory, once; return the CPU time of each stack."""
    spent: dict[str, float] = {}
    if VARIABLE not in os.environ:
        return spent
    for file in sorted(directory().glob(PIDS)):
        members = family(int(file.read_text()))
        spent[file.stem] = sum(one.cpu_seconds for one in members)
        _stop(members[0])
    shutil.rmtree(directory())
    del os.environ[VARIABLE]
    return spent


def shared(name: str, make: Callable[[], str]) -> str:
    """Return a text that one worker makes and all of them get."""
    file = directory() / name
    with locked(name):
        if not file.exists():
            file.write_text(make())
    return file.read_text()


def outlives(name: str, pid: int) -> None:
    """Leave a process to the end of the run, where it is stopped."""
    (directory() / f"{name}.pid").write_text(str(pid))


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Keep other workers of this run out."""
    with (directory() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _stop(process: Process) -> None:
    if process.runs:
        os.kill(process.pid, signal.SIGTERM)
    if not wait_for(lambda: not process.runs, seconds=STOP_SECONDS):
        os.kill(process.pid, signal.SIGKILL)
