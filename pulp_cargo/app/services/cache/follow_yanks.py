"""Copying an upstream's yanks to the versions that are stored of it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from pulp_cargo.app.queries.upstreams import stores as upstream_stores
from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.services.fetch.persist_changes import SetYanked
from pulp_cargo.app.services.fetch.persist_queue import PersistQueue
from pulp_cargo.protocol.upstream_index import UpstreamIndex


@dataclass(frozen=True, slots=True)
class YankFollower:
    """Queues the yanks that new index files have; `index_of` returns the versions of a file."""

    queue: PersistQueue
    background: BackgroundTasks
    index_of: Callable[[UpstreamRemote, IndexFileCopy], Awaitable[UpstreamIndex]]
    _comparing: set[asyncio.Task[None]] = field(default_factory=set)

    def follow(self, remote: UpstreamRemote, copy: IndexFileCopy) -> None:
        """In the background, mark stored versions as yanked or not, as in the crate's new index file."""
        task = self.background.spawn(
            self._follow(remote, copy),
            failure=f"The yanks of `{copy.name}` upstream could not be copied",
        )
        self._comparing.add(task)
        task.add_done_callback(self._comparing.discard)

    async def all_queued(self, seconds: float) -> None:
        """Return when the yanks of all files are in the queue, or after some seconds."""
        if self._comparing:
            await asyncio.wait(self._comparing, timeout=seconds)

    async def _follow(self, remote: UpstreamRemote, copy: IndexFileCopy) -> None:
        stores = await threads.read(upstream_stores.stores_of, remote.pk, copy.canonical_name)
        if not stores:
            return
        versions = (await self.index_of(remote, copy)).versions
        for store in stores:
            for vers, was_yanked in store.yanked.items():
                is_yanked = versions[vers].yanked if vers in versions else was_yanked
                if is_yanked is not was_yanked:
                    change = SetYanked((copy.canonical_name, vers), is_yanked)
                    self.queue.put_change(store.repository, store.domain, change)
