"""Runs `pulp-cargo serve` as a person or a script would, and watches its processes."""

import json
import os
import signal
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

COMMAND = (str(Path(sys.executable).with_name("pulp-cargo")), "serve", "--json")
FREE_PORTS = ("--content-port=0", "--api-port=0")
AS_IT_IS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Process:
    """One process; the start time tells it from a later one with the same number."""

    pid: int
    started: str

    @property
    def runs(self) -> bool:
        """Tell whether the process is still there (a zombie is not)."""
        fields = _stat(self.pid)
        return fields is not None and fields[0] != "Z" and fields[19] == self.started

    @property
    def command(self) -> str:
        """The name and the command line, empty for a process that is gone."""
        folder = Path(f"/proc/{self.pid}")
        try:
            line = (folder / "cmdline").read_text().replace("\0", " ")
            # With setproctitle, which the mutation tests install, gunicorn names its processes.
            line = line.replace("[pulpcore-", "[pulp-")
            return f"{(folder / 'comm').read_text().strip()} {line}"
        except OSError:
            return ""

    @property
    def program(self) -> str:
        """What only forks of the same start of a program share, the random address of its stack."""
        fields = _stat(self.pid)
        assert fields is not None
        return fields[25]

    @property
    def cpu_seconds(self) -> float:
        """The CPU time that it and its children which have ended took so far, 0 once it is gone."""
        fields = _stat(self.pid)
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


@dataclass(frozen=True, slots=True)
class Running:
    """A registry that is up."""

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(with_signal)
        return self.process.wait(30)

    def child(self, command: str) -> Process | None:
        """Return the running child with these words in its name or command line."""
        return child_of(self.process.pid, command)

    def get(self, path: str) -> int:
        """Request a path of the content app; return the status."""
        return get(self.ready["content_url"] + path)


def launch(
    data_dir: Path, *arguments: str, environ: Mapping[str, str] = AS_IT_IS
) -> subprocess.Popen[str]:
    """Start a registry on free ports; the variables are its own, never those of these tests."""
    return subprocess.Popen(
        [*COMMAND, f"--data-dir={data_dir}", *FREE_PORTS, *arguments],
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        # Ctrl-C is for the tests, which then stop what they have started.
        start_new_session=True,
        text=True,
    )


def start(data_dir: Path, *arguments: str, environ: Mapping[str, str] = AS_IT_IS) -> Running:
    """Start a registry and return when it is ready."""
    process = launch(data_dir, *arguments, environ=environ)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, f"pulp-cargo serve ended with {process.wait(30)}"
    return Running(process, json.loads(line))


@dataclass(slots=True)
class Restartable:
    """A registry on one data directory, which is started only when a test needs it."""

    data_dir: Path
    starts: list[Running] = field(default_factory=list)

    def up(self) -> Running:
        """Return the running registry."""
        if not self._is_up:
            self.starts.append(start(self.data_dir))
        return self.starts[-1]

    def last(self) -> Running:
        """Return the last registry, which may have been stopped."""
        return self.starts[-1] if self.starts else self.up()

    def stop(self) -> None:
        """Have no running registry."""
        if self._is_up:
            self.starts[-1].stop()

    @property
    def _is_up(self) -> bool:
        return bool(self.starts) and self.starts[-1].process.poll() is None


@contextmanager
def running_for_people(data_dir: Path, home: Path, *arguments: str) -> Iterator[str]:
    """Have a registry that somebody with this home directory has started; yields its text."""
    command = [*COMMAND[:-1], f"--data-dir={data_dir}", *FREE_PORTS, *arguments]
    others = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    process = subprocess.Popen(
        command,
        env={**others, "HOME": str(home), "CARGO_HOME": str(home / ".cargo")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert process.stdout is not None
    text = ""
    try:
        for line in process.stdout:
            text += line
            if line.startswith("Stop "):
                break
        yield text
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


@contextmanager
def running(
    data_dir: Path, *arguments: str, environ: Mapping[str, str] = AS_IT_IS
) -> Iterator[Running]:
    """Have a registry for a while."""
    registry = start(data_dir, *arguments, environ=environ)
    try:
        yield registry
    finally:
        registry.stop()


def refused(*arguments: str) -> str:
    """Start a registry that cannot start; return its one line of explanation."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr.splitlines()[-1]


def family(pid: int) -> list[Process]:
    """Return a process and all that descend from it, but none that has ended meanwhile."""
    fields = _stat(pid)
    found = [] if fields is None else [Process(pid, fields[19])]
    for child in children(pid):
        found += family(child)
    return found


def child_of(pid: int, words: str) -> Process | None:
    """Return a running descendant of a process with these words in its name or command line."""
    for process in family(pid)[1:]:
        if words in process.command and process.runs:
            return process
    return None


def children(pid: int) -> list[int]:
    """Return the processes whose parent a process is."""
    found: list[int] = []
    # The process may end meanwhile, and any of its threads.
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
    return found


def wait_for(condition: Callable[[], bool], *, seconds: float = 60) -> bool:
    """Return whether a condition becomes true, by default within what a busy machine takes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def get(url: str, *, user: str = "", password: str = "") -> int:
    """Request a URL; return the status, 0 for a connection that fails."""
    credentials = b64encode(f"{user}:{password}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}"} if user else {}
    try:
        with urlopen(Request(url, headers=headers), timeout=20) as response:
            return int(response.status)
    except HTTPError as error:
        return error.code
    except OSError:
        return 0


def kill(pid: int) -> None:
    """End a process without giving it a chance to clean up."""
    send(pid, signal.SIGKILL)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process, if it has not ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _stat(pid: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat from the state on (proc(5), field 3)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return None
