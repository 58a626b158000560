"""One child process: how it is started, that it dies with the launcher, and how it is stopped."""

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
    """Another user of this machine, as whom a process runs."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """Everything needed to start a process, again and again."""

    name: str
    argv: tuple[str, ...]
    log: Path
    cwd: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    inherited: tuple[int, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    # What the process gets when the launcher dies without stopping it.
    orphan_signal: signal.Signals = signal.SIGKILL


def python_command(module: str, *arguments: str) -> tuple[str, ...]:
    """Return the command that runs a module of ours in this very Python."""
    # -P: modules are never taken from the current directory, where uploads lie.
    return (sys.executable, "-P", "-m", module, *arguments)


def die_with_parent(parent: int, with_signal: signal.Signals) -> None:
    """Make this process get a signal when its parent ends, however that happens."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, int(with_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), with_signal)


def start(spec: ProcessSpec, *, output: int | None = None) -> subprocess.Popen[str]:
    """Start a process in a session of its own, so that Ctrl-C reaches only the launcher."""
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
    """Kill a process and all that it started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def last_line(log: Path) -> str:
    """Return the last line with text in a log file: most often the reason of a failure."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        lines = file.read().decode(errors="replace").splitlines()
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
