"""The cache of upstream registries in one process: its parts, and the state that they share."""

import asyncio

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.cache.follow_yanks import YankFollower
from pulp_cargo.app.services.cache.index_file import IndexFiles
from pulp_cargo.app.services.cache.index_store import IndexStore
from pulp_cargo.app.services.cache.parsed_indexes import ParsedIndexes
from pulp_cargo.app.services.cache.whole_crate import WholeCrates
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.fetch.persist_queue import PersistQueue
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetches
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
from pulp_cargo.app.services.policies.evaluate import Policies
from pulp_cargo.app.services.policies.refusal_log import RefusalLog
from pulp_cargo.app.upstream.client import UpstreamClients


class Cache:
    """Builds the parts of the cache, which are used on one event loop.

    `background`, `disk` and `readers` belong to the process, which uses them for publishes as well.
    """

    def __init__(self, background: BackgroundTasks, disk: FreeSpace, readers: CrateReaders) -> None:
        self.readers = readers
        self.clients = UpstreamClients(background)
        self.fetches = SharedFetches(self.clients, background)
        self.persist_queue = PersistQueue(background, disk, readers)
        self.parsed_indexes = ParsedIndexes()
        self.index_store = IndexStore(background, disk)
        self._yanks = YankFollower(self.persist_queue, background, self.parsed_indexes.index_of)
        self.index_files = IndexFiles(
            self.clients, self.parsed_indexes, self.index_store, self._yanks
        )
        self.advisories = AdvisoryDatabase()
        self.refusals = RefusalLog(background)
        self.policies = Policies(self.advisories, self.refusals)
        self.whole_crates = WholeCrates(
            self.index_files, self.fetches, self.persist_queue, self.policies, background
        )

    async def drain(self) -> None:
        """Write everything that is queued, before the process ends.

        An index file that is stored without its yanks would not be compared with the stored versions
        again.
        """
        await self._yanks.all_queued(timeouts.PERSIST_DRAIN_SECONDS)
        await asyncio.gather(
            self.persist_queue.close(), self.index_store.close(), self.refusals.close()
        )
