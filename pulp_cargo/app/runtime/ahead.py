"""Reading an iterator ahead in a thread, so that what makes its items overlaps with what uses them.

Python threads share one processor, but a thread that waits for PostgreSQL leaves it to the other.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")

# How long the thread waits for space before it looks whether anybody still reads, in seconds.
CHECK_INTERVAL_SECONDS = 0.5


class _End:
    """The iterator has ended, by an exception or without one."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


@contextmanager
def read_ahead(items: Iterable[T], most: int) -> Iterator[Iterator[T]]:
    """Yield an iterator over items, of which at most so many are waiting; the thread ends with the block.

    What the iterator raises is raised here. It must not use Django's database connection, which
    belongs to the other thread.
    """
    queue: Queue[T | _End] = Queue(most)
    is_left = threading.Event()

    def put(item: T | _End) -> bool:
        while not is_left.is_set():
            try:
                queue.put(item, timeout=CHECK_INTERVAL_SECONDS)
            except Full:
                continue
            return True
        return False

    def run() -> None:
        error: BaseException | None = None
        source = iter(items)
        try:
            for item in source:
                if not put(item):
                    break
        except BaseException as raised:
            # Any error: the thread that reads raises it.
            error = raised
        finally:
            # A generator closes what it uses, such as a process.
            if close := getattr(source, "close", None):
                close()
        put(_End(error))

    def taken() -> Iterator[T]:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error

    here = copy_context()
    thread = threading.Thread(target=here.run, args=(run,), name="cargo-read-ahead", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        is_left.set()
        thread.join()
