"""The launcher's side of `preload`: what it asks for, and the processes that it gets."""

import json
import select
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pulp_cargo.serve import pulp
from pulp_cargo.serve.processes import ProcessSpec, adopting
from pulp_cargo.serve.supervisor import Supervisor


class Preloaded:
    """A process that has loaded Pulp, or is just doing so."""

    def __init__(self, spec: ProcessSpec, supervisor: Supervisor) -> None:
        self._spec = spec
        self._supervisor = supervisor
        self._process = supervisor.start(spec, talks=True)

    def bootstrap(self, **arguments: object) -> dict[str, Any]:
        """Fill the database; return what is in it."""
        return self._ask(bootstrap=arguments)

    def start(self, specs: Sequence[ProcessSpec]) -> None:
        """Start processes for the supervisor; this ends the preloaded one."""
        inherited = {descriptor for spec in specs for descriptor in spec.inherited}
        forks = [asdict(pulp.fork_of(spec, inherited)) for spec in specs]
        with adopting():
            process_ids = self._ask(start=forks)
            self._supervisor.release(self._spec.name)
        for spec in specs:
            if spec.name in process_ids:
                self._supervisor.adopt(spec, process_ids[spec.name])
            else:
                self._supervisor.start(spec)

    def _ask(self, **message: object) -> dict[str, Any]:
        into, out = self._process.stdin, self._process.stdout
        assert into is not None and out is not None
        try:
            print(json.dumps(message), file=into, flush=True)
        except BrokenPipeError:
            self._process.wait()
        while not select.select([out], [], [], 0)[0]:
            self._supervisor.pause()
        line = out.readline()
        if not line:
            # It has failed, which the supervisor reports with the reason.
            self._process.wait()
            self._supervisor.pause()
        answer: dict[str, Any] = json.loads(line)
        return answer
