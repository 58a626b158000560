"""Reading an iterator ahead in a thread, so that what makes its items overlaps with what uses them.

Python threads share one processor, but a thread that waits for PostgreSQL leaves it to the other.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from queue import Full, Queue
from typing import Generic, TypeVar

from pulp_cargo.app.runtime import timeouts

T = TypeVar("T")


@contextmanager
def read_ahead(items: Iterable[T], most: int) -> Iterator[Iterator[T]]:
    """Yield an iterator over items, of which at most so many are waiting; the thread ends with the block.

    What the iterator raises is raised here. It must not use Django's database connection, which
    belongs to the other thread.
    """
    ahead = _Ahead(items, most)
    here = copy_context()
    thread = threading.Thread(
        target=here.run, args=(ahead.run,), name="cargo-read-ahead", daemon=True
    )
    thread.start()
    try:
        yield ahead.taken()
    finally:
        ahead.is_left.set()
        thread.join()


class _End:
    """The iterator has ended, by an exception or without one."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Ahead(Generic[T]):
    """The items that wait; `run` is called by the thread, `taken` by the reader."""

    def __init__(self, items: Iterable[T], most: int) -> None:
        self.is_left = threading.Event()
        self._items = items
        self._queue: Queue[T | _End] = Queue(most)

    def run(self) -> None:
        """Put all items and the end into the queue, until the reader leaves."""
        error: BaseException | None = None
        try:
            self._put_all(iter(self._items))
        except BaseException as raised:
            # Any error: the reader raises it.
            error = raised
        self._put(_End(error))

    def taken(self) -> Iterator[T]:
        """Yield the items; raises what the iterator has raised."""
        while not isinstance(item := self._queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    def _put_all(self, source: Iterator[T]) -> None:
        try:
            for item in source:
                if not self._put(item):
                    break
        finally:
            # A generator closes what it uses, such as a process.
            if close := getattr(source, "close", None):
                close()

    def _put(self, item: T | _End) -> bool:
        """Put an item into the queue once there is space; returns False if the reader has left."""
        while not self.is_left.is_set():
            try:
                self._queue.put(item, timeout=timeouts.READ_AHEAD_CHECK_INTERVAL_SECONDS)
            except Full:
                continue
            return True
        return False
