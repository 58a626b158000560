"""A write-behind queue: items are written in batches, without making the callers wait.

An item has a key, and replaces or merges with the waiting item of the same key. It belongs to a
group, for example a repository. Batches of one group are written one after another, those of
different groups concurrently.

- Overflow: `put` returns False for an item that a full queue does not take. With
  `max_waiting_per_group`, a group that cannot be written leaves room for the others.
- Retry: a batch whose writer raises `WriteLater` goes back to the front of the queue.
- Failure: a batch whose writer raises another exception is dropped and passed to `on_failure`. If that
  fails as well, the error is logged, and the queue continues.
- End of the process: `drain` writes everything at once, without retries.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pulp_cargo.app.runtime.background import BackgroundTasks

log = logging.getLogger(__name__)

G = TypeVar("G", bound=Hashable)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

DUE = float("-inf")


class WriteLater(Exception):
    """A batch cannot be written now; the queue tries again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"try again in {seconds} seconds")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Limits:
    """When a batch is written, and how many items may wait.

    A batch is written when no item has been added for `quiet_seconds`, when its first item has
    waited for `max_age_seconds`, or when it is full with `batch_size` items.
    `max_waiting` applies to all groups together, `max_waiting_per_group` to each of them, if set.
    """

    batch_size: int
    max_waiting: int
    quiet_seconds: float = 0.0
    max_age_seconds: float = 0.0
    max_waiting_per_group: int | None = None

    def has_room(self, in_group: int, in_all: int) -> bool:
        """Whether one more item may wait where there are so many already."""
        share = self.max_waiting_per_group
        return in_all < self.max_waiting and (share is None or in_group < share)


@dataclass(slots=True)
class Group(Generic[K, V]):
    """The items of a group: the waiting ones, and the batch that is being written."""

    waiting: dict[K, V] = field(default_factory=dict)
    writing: dict[K, V] = field(default_factory=dict)
    first: float = 0.0
    last: float = 0.0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    runner: asyncio.Task[None] | None = None

    def take_batch(self, size: int) -> list[V]:
        """Move the oldest items into the batch that is being written, and return them."""
        for key in list(self.waiting)[:size]:
            self.writing[key] = self.waiting.pop(key)
        self.first = time.monotonic()
        return list(self.writing.values())

    def put_back(self, merge: Callable[[V, V], V]) -> None:
        """Return the batch to the front of the queue; it remains due."""
        if not self.writing:
            return
        newer, self.waiting = self.waiting, self.writing
        self.writing, self.first = {}, DUE
        for key, item in newer.items():
            there = self.waiting.get(key)
            self.waiting[key] = item if there is None else merge(there, item)

    async def sleep(self, seconds: float) -> None:
        """Wait for a time, or until the runner is woken."""
        self.wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.wake.wait()


def newest(before: V, after: V) -> V:
    """Replace an item by the newer one."""
    return after


class WriteBehind(Generic[G, K, V]):
    """The queue, which is used on one event loop."""

    def __init__(
        self,
        write: Callable[[G, Sequence[V]], Awaitable[None]],
        *,
        background: BackgroundTasks,
        on_failure: Callable[[G, Sequence[V], Exception], None],
        limits: Limits,
        merge: Callable[[V, V], V] = newest,
        until_gathered: Callable[[G], Awaitable[None]] | None = None,
    ) -> None:
        self.limits = limits
        self.is_closing = False
        self._write, self._on_failure, self._merge = write, on_failure, merge
        # Waits for items of a group that will come in a moment, before its batch is taken.
        self._until_gathered = until_gathered
        self._background = background
        self._groups: dict[G, Group[K, V]] = {}

    def put(self, name: G, key: K, item: V) -> bool:
        """Add an item, merged with the waiting one of the same key; return False if the queue is full."""
        group = self._groups.get(name)
        before = None if group is None else group.waiting.pop(key, None)
        if before is None:
            in_group = 0 if group is None else len(group.waiting)
            if not self.limits.has_room(in_group, len(self)):
                return False
        if group is None:
            group = self._groups[name] = Group()
        now = time.monotonic()
        if not group.waiting and before is None:
            group.first = now
        group.last = now
        group.waiting[key] = item if before is None else self._merge(before, item)
        if len(group.waiting) >= self.limits.batch_size:
            group.wake.set()
        self._start(name, group)
        return True

    def get(self, name: G, key: K) -> V | None:
        """Return the newest item of a key that is not written yet."""
        group = self._groups.get(name)
        return None if group is None else group.waiting.get(key) or group.writing.get(key)

    def items(self, name: G) -> list[V]:
        """Return the items of a group that are not written yet, the oldest first."""
        group = self._groups.get(name)
        return [] if group is None else [*group.writing.values(), *group.waiting.values()]

    def discard(self, name: G, key: K) -> None:
        """Remove an item; if it is being written, the write continues but is not retried."""
        if group := self._groups.get(name):
            group.waiting.pop(key, None)
            group.writing.pop(key, None)

    def hurry(self) -> None:
        """Write the waiting items without waiting for more."""
        for group in self._groups.values():
            group.first = group.last = DUE
            group.wake.set()

    async def flush(self) -> None:
        """Write all items now, and return when they are written."""
        await self._write_all(None)

    async def drain(self, seconds: float) -> None:
        """Write all items before the process ends; those that take longer than `seconds` are lost."""
        self.is_closing = True
        await self._write_all(seconds)

    def __len__(self) -> int:
        return sum(len(group.waiting) for group in self._groups.values())

    async def _write_all(self, seconds: float | None) -> None:
        self.hurry()
        if runners := [self._start(*one) for one in self._groups.items()]:
            await asyncio.wait(runners, timeout=seconds)

    def _start(self, name: G, group: Group[K, V]) -> asyncio.Task[None]:
        if group.runner is None:
            # An event belongs to the loop on which it was first awaited.
            group.wake = asyncio.Event()
            group.runner = self._background.spawn(
                self._run(name, group), failure="A queue has stopped", wait_at_exit=False
            )
        return group.runner

    async def _run(self, name: G, group: Group[K, V]) -> None:
        try:
            while group.waiting:
                await self._until_due(group)
                if self._until_gathered is not None and not self.is_closing:
                    await self._until_gathered(name)
                await self._write_batch(name, group)
        finally:
            group.runner = None
            if not group.waiting:
                self._groups.pop(name, None)

    async def _until_due(self, group: Group[K, V]) -> None:
        limits = self.limits
        while not self.is_closing and len(group.waiting) < limits.batch_size:
            due = min(group.last + limits.quiet_seconds, group.first + limits.max_age_seconds)
            wait = due - time.monotonic()
            if wait <= 0:
                return
            await group.sleep(wait)

    async def _write_batch(self, name: G, group: Group[K, V]) -> None:
        batch = group.take_batch(self.limits.batch_size)
        if not batch:
            return
        pause = 0.0
        try:
            await self._write(name, batch)
            group.writing.clear()
        except WriteLater as later:
            pause = later.seconds
            if self.is_closing and group.writing:
                self._drop(name, group, later)
        except Exception as error:
            # Any error of the writer: the batch is dropped, and the queue goes on.
            self._drop(name, group, error)
        finally:
            # A batch that was written or dropped is empty by now.
            group.put_back(self._merge)
        if pause and not self.is_closing:
            await group.sleep(pause)

    def _drop(self, name: G, group: Group[K, V], error: Exception) -> None:
        batch = list(group.writing.values())
        group.writing.clear()
        try:
            self._on_failure(name, batch, error)
        except Exception:
            # Any error: what else waits must still be written.
            log.exception("An error in the handler of failed batches")
