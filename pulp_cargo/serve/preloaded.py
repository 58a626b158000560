"""The launcher's side of `preload`: what it asks for, and the processes that it gets."""

import json
import select
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from pulp_cargo.serve import processes, pulp
from pulp_cargo.serve.processes import AdoptedProcess, Process, ProcessSpec
from pulp_cargo.serve.supervisor import Supervisor

# How long forking may take, in seconds: a few milliseconds, on a machine that is not at its end.
FORK_TIMEOUT_SECONDS = 5.0


class Preloaded:
    """A process that has loaded Pulp, or is just doing so."""

    def __init__(self, spec: ProcessSpec, supervisor: Supervisor) -> None:
        self._spec = spec
        self._supervisor = supervisor
        self._process = supervisor.start(spec, talks=True)
        self._has_loaded = False
        self._inherited: set[int] = set()

    def bootstrap(self, **arguments: object) -> dict[str, Any]:
        """Fill the database; return what is in it."""
        self._wait_until_loaded()
        self._send(bootstrap=arguments)
        return self._wait_for_answer()

    def start(self, specs: Sequence[ProcessSpec]) -> None:
        """Start processes for the supervisor, also again after a crash."""
        self._wait_until_loaded()
        self._inherited = {descriptor for spec in specs for descriptor in spec.inherited}
        self._supervisor.retain(self._spec.name)
        self._supervisor.start_process = self._start
        for spec in specs:
            self._supervisor.add(spec)

    def _start(self, spec: ProcessSpec) -> Process:
        """Fork a process that runs Pulp; start it if it runs anything else, or if that fails."""
        if not pulp.can_fork(spec):
            return processes.start(spec)
        with processes.adopting():
            self._send(start=asdict(pulp.fork_of(spec, self._inherited)))
            answer = self._answer() if self._has_answered(FORK_TIMEOUT_SECONDS) else None
            if answer is None:
                # It must not fork the process later.
                processes.kill_session(self._process)
                self._process.wait()
        process_id = (answer or {}).get("process_id")
        return AdoptedProcess(process_id) if process_id else processes.start(spec)

    def _wait_until_loaded(self) -> None:
        if not self._has_loaded:
            self._wait_for_answer()
            self._has_loaded = True

    def _wait_for_answer(self) -> dict[str, Any]:
        """Wait during the start, which ends if the process or another one has failed."""
        while not self._has_answered(0):
            self._supervisor.pause()
        if (answer := self._answer()) is None:
            # The supervisor reports the failure with the reason.
            self._process.wait()
            self._supervisor.pause()
        assert answer is not None
        return answer

    def _send(self, **message: object) -> None:
        into = self._process.stdin
        assert into is not None
        # If it has ended, there is no answer, either.
        with suppress(BrokenPipeError):
            print(json.dumps(message), file=into, flush=True)

    def _has_answered(self, timeout: float) -> bool:
        out = self._process.stdout
        assert out is not None
        return bool(select.select([out], [], [], timeout)[0])

    def _answer(self) -> dict[str, Any] | None:
        """Return the next answer, None if the process has ended."""
        out = self._process.stdout
        assert out is not None
        line = out.readline()
        return json.loads(line) if line else None
