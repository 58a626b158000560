"""Child processes: starting and stopping them, and ending them with the launcher."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pulp_cargo.serve.errors import ServeError

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


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


def python_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs one of our modules with the same Python."""
    # -P: modules are never imported from the current directory, which has uploads.
    return (sys.executable, "-P", "-m", module, *arguments)


def die_with_parent(parent: int, with_signal: signal.Signals) -> None:
    """Send this process a signal when its parent ends for any reason."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def start(spec: ProcessSpec, *, output: int | None = None) -> subprocess.Popen[str]:
    """Start a process in its own session, so that Ctrl-C reaches only the launcher."""
    try:
        return _start(spec, output)
    except (OSError, subprocess.SubprocessError) as error:
        raise ServeError(f"cannot start {spec.name}: {error}") from error


def _start(spec: ProcessSpec, output: int | None) -> subprocess.Popen[str]:
    launcher = os.getpid()
    account = spec.account
    with spec.log.open("a") as log:
        return subprocess.Popen(
            spec.argv,
            cwd=spec.cwd,
            env={**os.environ, **spec.environ},
            stdin=subprocess.DEVNULL,
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


def kill_session(process: subprocess.Popen[str]) -> None:
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
