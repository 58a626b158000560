"""Asks on a terminal whether to write cargo's files, while the registry is already running."""

import os
import select
import sys
from collections.abc import Callable

from pulp_cargo.serve.cargo_files import CargoFiles
from pulp_cargo.serve.errors import ServeError

QUESTION = "Add these lines to cargo's files? The old files are copied first. [y/N] "


def can_ask() -> bool:
    """Whether somebody is there to read the question and to answer it."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def write_cargo_files(files: CargoFiles, say: Callable[[str], None]) -> None:
    """Write them and say what was done; a failure does not stop the registry."""
    try:
        for sentence in files.write():
            say(sentence)
    except ServeError as error:
        say(f"error: {error}")


class Offer:
    """The question, and its answer, which may come at any time or never."""

    def __init__(self, files: CargoFiles, say: Callable[[str], None]) -> None:
        self._files = files
        self._say = say
        self._is_open = True
        print(QUESTION, end="", flush=True)

    def look_for_answer(self) -> None:
        """Act on an answer, if there is one."""
        terminal = sys.stdin.fileno()
        if not self._is_open or not select.select([terminal], [], [], 0)[0]:
            return
        # The kernel stops a job in the background that reads from its terminal.
        if os.tcgetpgrp(terminal) != os.getpgrp():
            return
        self._is_open = False
        # A terminal delivers whole lines.
        if os.read(terminal, 1024).strip().lower() in (b"y", b"yes"):
            write_cargo_files(self._files, self._say)
