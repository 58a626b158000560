"""The directory that all pytest-xdist processes of a run share.

The first process creates it and passes it to its workers in the environment. A stack that several
workers share is started by the first one that needs it, and stopped by the first process at the
end of the run.
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
# The process of each stack that outlives its worker.
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
    # PostgreSQL's account must be able to enter, and pytest's own directories are closed to others.
    made.chmod(0o755)
    os.environ[VARIABLE] = str(made)
    return True


def end() -> dict[str, float]:
    """Stop shared stacks and remove the directory, once; return the CPU time of each stack."""
    spent: dict[str, float] = {}
    if VARIABLE not in os.environ:
        return spent
    for file in sorted(directory().glob(PIDS)):
        members = family(int(file.read_text()))
        spent[file.stem] = sum(one.cpu_seconds for one in members)
        for process in members[:1]:
            _stop(process)
    shutil.rmtree(directory())
    del os.environ[VARIABLE]
    return spent


def shared(name: str, make: Callable[[], str]) -> str:
    """Return a text that one worker creates for all of them."""
    file = directory() / name
    with locked(name):
        if not file.exists():
            file.write_text(make())
    return file.read_text()


def outlives(name: str, pid: int) -> None:
    """Register a process that is stopped at the end of the run."""
    (directory() / f"{name}.pid").write_text(str(pid))


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Lock against other workers of this run."""
    with (directory() / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _stop(process: Process) -> None:
    if process.runs:
        os.kill(process.pid, signal.SIGTERM)
    if not wait_for(lambda: not process.runs, seconds=STOP_SECONDS):
        os.kill(process.pid, signal.SIGKILL)
