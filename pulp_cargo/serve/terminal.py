"""Colours and a line of progress for terminals; nothing of that for files and pipes."""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO

# How messages about failures begin.
ERROR = "error"
# The seconds that a step has taken are shown so often.
_TICK = 1.0


@dataclass(frozen=True, slots=True)
class Style:
    """Emphasis by escape sequences, or none."""

    is_coloured: bool

    def strong(self, text: str) -> str:
        """Return text that stands out."""
        return self._in("1", text)

    def good(self, text: str) -> str:
        """Return text about a success."""
        return self._in("1;32", text)

    def bad(self, text: str) -> str:
        """Return text about a failure."""
        return self._in("1;31", text)

    def _in(self, code: str, text: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.is_coloured else text


PLAIN = Style(is_coloured=False)


def style_of(stream: TextIO, environ: Mapping[str, str] = os.environ) -> Style:
    """Return colours for a terminal, unless its user or its kind has none (no-color.org)."""
    return Style(is_terminal(stream, environ) and not environ.get("NO_COLOR"))


def is_terminal(stream: TextIO, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream is a terminal that understands escape sequences."""
    return stream.isatty() and environ.get("TERM", "dumb") != "dumb"


class Progress:
    """Shows the current step: on a terminal in one line that disappears, otherwise line by line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_terminal = is_terminal(self._stream)
        self._step = ""
        self._started = self._shown = 0.0

    def step(self, text: str) -> None:
        """Begin a step."""
        self._step, self._started = text, time.monotonic()
        if self._is_terminal:
            self._show(self._started)
        else:
            self._write(f"pulp-cargo: {text}\n")

    def tick(self) -> None:
        """Show from time to time for how long the step has been running."""
        now = time.monotonic()
        if self._is_terminal and self._step and now - self._shown >= _TICK:
            self._show(now)

    def end(self) -> None:
        """Remove the line."""
        if self._is_terminal and self._step:
            self._write("\r\033[K")
        self._step = ""

    def say(self, text: str) -> None:
        """Print a message that remains."""
        self.end()
        kind, colon, rest = text.partition(":")
        if kind == ERROR:
            text = f"{style_of(self._stream).bad(kind + colon)}{rest}"
        self._write(f"pulp-cargo: {text}\n")

    def _show(self, now: float) -> None:
        self._shown = now
        seconds = int(now - self._started)
        self._write(f"\r\033[K{self._step} …" + (f" {seconds} s" if seconds else ""))

    def _write(self, text: str) -> None:
        # The terminal may be closed (SIGHUP), which must not prevent stopping the other processes.
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            return
