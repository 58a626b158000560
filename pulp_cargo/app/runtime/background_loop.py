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

_lock = threading.Lock()
_loops: dict[int, asyncio.AbstractEventLoop] = {}


def start(coroutine: Coroutine[Any, Any, T]) -> Future[T]:
    """Begin to run a coroutine while others run theirs; the future is for this thread."""
    return asyncio.run_coroutine_threadsafe(coroutine, _loop())


def _loop() -> asyncio.AbstractEventLoop:
    # A process that was forked has its parent's variables, but not its threads.
    with _lock:
        if os.getpid() not in _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="cargo-upstream", daemon=True).start()
            _loops[os.getpid()] = loop
        return _loops[os.getpid()]
