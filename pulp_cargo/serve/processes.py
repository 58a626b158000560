"""Child processes: starting and stopping them, and ending them with the launcher."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pulp_cargo.serve.errors import ServeError

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True, slots=True)
class Account:
    """Another user of this machine that runs a process."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Everything needed to start and restart a process."""

    name: str
    argv: tuple[str, ...]
    log: Path
    cwd: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    inherited: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    # The signal for the process if the launcher dies without stopping it.
    orphan_signal: signal.Signals = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class ForkSpec:
    """A process that another one forks instead of starting it; `closed` are open files not for it."""

    name: str
    arguments: tuple[str, ...]
    log: str
    cwd: str
    environ: Mapping[str, str]
    closed: tuple[int, ...]


class Process(Protocol):
    """A child process, as `subprocess.Popen` has it."""

    pid: int
    returncode: Any

    def poll(self) -> int | None:
        """Return how the process ended, None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process ends, or raise `subprocess.TimeoutExpired`."""

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless the process has ended."""


class AdoptedProcess:
    """A child process that another one has forked for us."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return how the process ended, None while it runs."""
        if self.returncode is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process ends, or raise `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(0.01)
        return code

    def send_signal(self, sig: int) -> None:
        """Send a signal, unless the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


@contextmanager
def adopting() -> Iterator[None]:
    """Become the parent of grandchildren whose own parent ends within the context."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        # From now on, what a crashed process leaves behind is not ours to wait for.
        _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def fork_orphan() -> int | None:
    """Fork a process for the one that adopts orphans; return its id, and there None."""
    reader, writer = os.pipe()
    between = os.fork()
    if between == 0:
        parent = os.getpid()
        process_id = os.fork()
        if process_id != 0:
            os.write(writer, str(process_id).encode())
            os._exit(0)
        os.close(reader)
        os.close(writer)
        os.setsid()
        while os.getppid() == parent:
            time.sleep(0.001)
        return None
    os.close(writer)
    os.waitpid(between, 0)
    with open(reader) as answer:
        return int(answer.read())


def set_name(name: str) -> None:
    """Set the name of this process in the output of `ps` and `top`."""
    _LIBC.prctl(_PR_SET_NAME, f"pulp-{name}".encode(), 0, 0, 0)


def python_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs one of our modules with the same Python."""
    # -P: modules are never imported from the current directory, which has uploads.
    return (sys.executable, "-P", "-m", module, *arguments)


def die_with_parent(parent: int, with_signal: signal.Signals) -> None:
    """Send this process a signal when its parent ends for any reason."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def start(
    spec: ProcessSpec, *, output: int | None = None, talks: bool = False
) -> subprocess.Popen[str]:
    """Start a process in its own session, so that Ctrl-C reaches only the launcher.

    With `talks`, its standard input and output are pipes.
    """
    try:
        return _start(spec, subprocess.PIPE if talks else output, talks)
    except (OSError, subprocess.SubprocessError) as error:
        raise ServeError(f"cannot start {spec.name}: {error}") from error


def _start(spec: ProcessSpec, output: int | None, talks: bool) -> subprocess.Popen[str]:
    launcher = os.getpid()
    account = spec.account
    with spec.log.open("a") as log:
        return subprocess.Popen(
            spec.argv,
            cwd=spec.cwd,
            env={**os.environ, **spec.environ},
            stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
            stdout=log if output is None else output,
            stderr=log,
            start_new_session=True,
            pass_fds=spec.inherited,
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
            # Runs after the change of user, which would clear the death signal.
            preexec_fn=lambda: die_with_parent(launcher, spec.orphan_signal),
            text=True,
        )


def kill_session(process: Process) -> None:
    """Kill a process and all processes that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def last_line(log: Path) -> str:
    """Return the last non-empty line of a log file, which is usually the reason of a failure."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
