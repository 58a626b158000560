"""An event loop for processes that have none, to ask upstream registries from there.

It lives as long as the process, as its connections and what it remembers of upstreams do.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """The loop, and the thread in which it runs, from its first use on."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._process = 0

    def start(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin to run a coroutine while others run theirs; the future is for this thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._running())

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A process that was forked has its parent's variables, but not its threads.
            if self._loop is None or self._process != os.getpid():
                self._loop, self._process = asyncio.new_event_loop(), os.getpid()
                run = self._loop.run_forever
                threading.Thread(target=run, name="cargo-upstream", daemon=True).start()
            return self._loop


# That of this process.
background_loop = BackgroundLoop()
start = background_loop.start
