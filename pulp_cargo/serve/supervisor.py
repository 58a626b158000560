"""Supervises the processes: restarts crashed ones, and stops all at the end."""

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from pulp_cargo.serve import processes
from pulp_cargo.serve.errors import ServeError, StopRequested
from pulp_cargo.serve.processes import Process, ProcessSpec

TICK = 0.02
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# A process that ran this long has recovered: its next crash counts as the first.
RECOVERED_AFTER = 30.0
LONGEST_BACK_OFF = 10.0
# When to call `after_restart`, in seconds after a restart: the process may be slow to start.
SETTLED_AFTER = (3.0, 10.0, 30.0)
# How long a process may take to stop before it is killed.
STOP_TIMEOUT_SECONDS = 4.0


@dataclass(slots=True)
class Child:
    """A process that should run, and its recent failures; one that is not `needed` may end."""

    spec: ProcessSpec
    process: Process
    started: float
    needed: bool = True
    crashes: int = 0
    restart_at: float | None = None
    settled_at: list[float] = field(default_factory=list)

    def put_off_restart(self) -> None:
        """Record a failure, and when the next attempt is due."""
        self.restart_at = time.monotonic() + back_off(self.crashes)
        self.crashes += 1


class Supervisor:
    """Owns all child processes from the first step of the start to the end."""

    def __init__(
        self, say: Callable[[str], None], while_waiting: Callable[[], None] = lambda: None
    ) -> None:
        self._say = say
        self._while_waiting = while_waiting
        self._stop_requested = False
        self._children: dict[str, Child] = {}
        # Called with the process id of a dead child before its successor starts.
        self.before_restart: Callable[[str, int], None] = lambda name, process_id: None
        # Starts a process; another process may fork it for us.
        self.start_process: Callable[[ProcessSpec], Process] = processes.start
        # Called several times after a restart.
        self.after_restart: Callable[[str], None] = lambda name: None

    def listen_to_signals(self) -> None:
        """Turn Ctrl-C and similar signals into an orderly stop.

        They are set explicitly, because a shell starts background jobs with SIGINT ignored.
        """
        for number in STOP_SIGNALS:
            signal.signal(number, self._note_signal)

    def _note_signal(self, number: int, frame: FrameType | None) -> None:
        self._stop_requested = True

    def pause(self) -> None:
        """Wait during the start; end the start if a child crashed or a stop was requested."""
        if self._stop_requested:
            raise StopRequested
        for child in self._children.values():
            if child.process.poll() is not None and child.needed:
                raise _failure(child.spec, child.process.returncode)
        self._while_waiting()
        time.sleep(TICK)

    def run(self, spec: ProcessSpec) -> str:
        """Run a process to its end and return its output (at most a few lines)."""
        process = processes.start(spec, output=subprocess.PIPE)
        try:
            while process.poll() is None:
                self.pause()
        except BaseException:
            processes.kill_session(process)
            process.wait()
            raise
        if process.returncode != 0:
            raise _failure(spec, process.returncode)
        assert process.stdout is not None
        with process.stdout:
            return process.stdout.read()

    def start(self, spec: ProcessSpec, *, talks: bool = False) -> subprocess.Popen[str]:
        """Start a process that should run until the end, with pipes to talk to it if wanted."""
        process = processes.start(spec, talks=talks)
        self._children[spec.name] = Child(spec, process, time.monotonic())
        return process

    def add(self, spec: ProcessSpec) -> None:
        """Start a process that should run until the end, in the way of `start_process`."""
        self._children[spec.name] = Child(spec, self.start_process(spec), time.monotonic())

    def retain(self, name: str) -> None:
        """Let a process run on, and stop it at the end, but do not miss it if it ends before."""
        self._children[name].needed = False

    def process_ids(self) -> dict[str, int]:
        """Return the process id of each child that is needed, by its name."""
        children = self._children.items()
        return {name: child.process.pid for name, child in children if child.needed}

    def keep_running(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Restart what crashes, until a stop is requested; do something else between the looks."""
        while not self._stop_requested:
            meanwhile()
            for child in self._children.values():
                if child.needed:
                    self._look_after(child)
            time.sleep(5 * TICK)

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.restart_at is not None:
            if now >= child.restart_at:
                self._restart(child)
        elif child.process.poll() is not None:
            if now - child.started > RECOVERED_AFTER:
                child.crashes = 0
            # Children of the crashed process could occupy what its successor needs.
            processes.kill_session(child.process)
            self._say(
                f"{child.spec.name} stopped ({outcome(child.process.returncode)});"
                f" restarting it, see {child.spec.log}"
            )
            child.put_off_restart()
        elif child.settled_at and now >= child.settled_at[0]:
            del child.settled_at[0]
            with suppress(ServeError):
                self.after_restart(child.spec.name)

    def _restart(self, child: Child) -> None:
        try:
            self.before_restart(child.spec.name, child.process.pid)
            child.process = self.start_process(child.spec)
        except ServeError as error:
            # Usually the database is not available again yet.
            self._say(f"{child.spec.name} cannot be restarted yet: {error}")
            child.put_off_restart()
        else:
            child.started = time.monotonic()
            child.restart_at = None
            child.settled_at = [child.started + seconds for seconds in SETTLED_AFTER]

    def stop(self) -> None:
        """Stop all children: first the users of the database, then the database."""
        server = [child for child in self._children.values() if child.spec.name == "postgres"]
        clients = [child for child in self._children.values() if child not in server]
        _stop_together(list(reversed(clients)))
        _stop_together(server)


def back_off(crashes: int) -> float:
    """Return how long to wait before a restart after that many crashes in a row."""
    return min(LONGEST_BACK_OFF, 0.1 * 4.0**crashes)


def outcome(return_code: int) -> str:
    """Return a description of how a process ended."""
    if return_code >= 0:
        return f"exit code {return_code}"
    return f"killed by {signal.Signals(-return_code).name}"


def _failure(spec: ProcessSpec, return_code: int) -> ServeError:
    reason = processes.last_line(spec.log) or outcome(return_code)
    return ServeError(f"{spec.name} failed: {reason} (more in {spec.log})")


def _stop_together(children: list[Child]) -> None:
    for child in children:
        with suppress(ProcessLookupError):
            child.process.send_signal(child.spec.stop_signal)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            processes.kill_session(child.process)
            child.process.wait()
        # Kill what a stopped process left behind in its session.
        processes.kill_session(child.process)
