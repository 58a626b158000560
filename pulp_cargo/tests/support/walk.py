"""The files of the plugin that a request enters, in order, until the first byte of its response.

A file is entered when one of its functions is called from another file, or begins in a thread or a
task. Continuing a coroutine is no entry. Functions that Python makes, such as those of dataclasses,
are in no file.
"""

import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from aiohttp import web

ROOT = f"{Path(__file__).parents[2]}/"
TESTS = f"{ROOT}tests/"

# Tasks and threads that a request starts have the context of the request.
_current: ContextVar["Walk | None"] = ContextVar("walk", default=None)


@dataclass(slots=True)
class Walk:
    """The entries of the request that is watched, and the calls by which the files were entered."""

    entries: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    is_over: bool = False
    _known: dict[int, FrameType] = field(default_factory=dict)

    def files_from(self, first: str) -> list[str]:
        """Return the files in the order of their first entry, from one of them on."""
        return list(dict.fromkeys(self.entries[self.entries.index(first) :]))

    def note(self, frame: FrameType, _event: str, _: Any) -> None:
        """Note a call (the function of `sys.settrace`; returning None, it learns of calls only)."""
        if self.is_over or _current.get() is not self:
            return
        code = frame.f_code
        if code.co_name == "prepare" and code.co_filename.endswith("aiohttp/web_response.py"):
            self.is_over = True
        elif id(frame) not in self._known and (file := _own(frame)) is not None:
            # The frame is referenced here, so that no later one has its id.
            self._known[id(frame)] = frame
            before = _caller(frame)
            if file != before:
                self.entries.append(file)
                self.calls.append(f"{before} -> {file}:{code.co_name}")

    @property
    def middleware(self) -> Any:
        """A middleware that begins the walk with each request that has the header `Walk`."""

        @web.middleware
        async def begin(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            _current.set(self if "Walk" in request.headers else None)
            return await handler(request)

        return begin


@contextmanager
def walking() -> Iterator[Walk]:
    """Watch this thread, and those that start meanwhile."""
    walk = Walk()
    threading.settrace(walk.note)
    sys.settrace(walk.note)
    try:
        yield walk
    finally:
        sys.settrace(None)
        threading.settrace(None)


def _caller(frame: FrameType) -> str | None:
    """Return the file of the plugin from which a function is called, None if there is none."""
    caller = frame.f_back
    while caller is not None:
        if (file := _own(caller)) is not None:
            return file
        caller = caller.f_back
    return None


def _own(frame: FrameType) -> str | None:
    """Return the path of a frame's file below the plugin, None for any other file."""
    path = frame.f_code.co_filename
    if not path.startswith(ROOT) or path.startswith(TESTS):
        return None
    return path.removeprefix(ROOT)
