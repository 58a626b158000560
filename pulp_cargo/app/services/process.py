"""The state that services share in one process, and how processes without a start hook get it.

A content process makes its state when it starts, and closes it when it ends (`content_process`). The
processes of the API and the tasks have no such hooks, so their state is made on first use.
"""

import os
import threading

from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.background_loop import BackgroundLoop
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.cache.refresher import Refresher
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.upstream_search import UpstreamSearches


class ServiceState:
    """The state of services: background tasks, free space, reader processes, cache and searches.

    Making it starts no thread, task or process. Only the readers and the free space are for any
    thread; the rest is used on one event loop.
    """

    def __init__(self) -> None:
        self.background = BackgroundTasks()
        self.disk = FreeSpace()
        self.readers = CrateReaders()
        self.cache = Cache(self.background, self.disk, self.readers)
        self.searches = UpstreamSearches(self.cache.clients, self.background)

    async def close(self) -> None:
        """End background tasks, connections and reader processes, once the queues are drained."""
        await self.background.close()
        await self.cache.clients.close()
        self.readers.stop()


class LooplessProcess:
    """The state of a process of the API or of a task, whose event loop runs in a thread."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = BackgroundLoop()
        self.services = ServiceState()
        self.refresher = Refresher(self.loop, self.services.cache)

    def finish(self) -> None:
        """Write what a task has queued, such as yanks of an upstream, before its process ends."""
        self.loop.start(self.services.cache.drain()).result()


# Django and the task runner call views, serializers and tasks without an argument that could carry
# state, so this is the one place where they find it. They pass its parts on as arguments.
_making = threading.Lock()
_current: LooplessProcess | None = None


def this_process() -> LooplessProcess:
    """Return the state of this process of the API or of a task, made at its first use.

    A forked process makes its own: it has neither the threads nor the connections of its parent.
    """
    global _current
    with _making:
        if _current is None or _current.pid != os.getpid():
            _current = LooplessProcess()
        return _current
