"""Loads Pulp once and becomes several of its programs, each in a fork.

    python -P -m pulp_cargo.tests.functional.deployment.preloaded_programs '[["pulpcore-api"]]'

Each program would otherwise spend seconds of CPU time on loading Pulp by itself.
"""

import json
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from pathlib import Path
from types import FrameType

from pulp_cargo.serve import preload


def main() -> None:
    """Run programs until all have ended; SIGTERM is for them."""
    preload.load()
    children = [_fork(command) for command in json.loads(sys.argv[1])]

    def pass_on(number: int, frame: FrameType | None) -> None:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, number)

    signal.signal(signal.SIGTERM, pass_on)
    for child in children:
        os.waitpid(child, 0)


def _fork(command: Sequence[str]) -> int:
    """Return the process that runs what the installed script of a command would."""
    process = os.fork()
    if process == 0:
        sys.argv = list(command)
        (script,) = entry_points(group="console_scripts", name=Path(command[0]).name)
        sys.exit(script.load()())
    return process


if __name__ == "__main__":
    main()
