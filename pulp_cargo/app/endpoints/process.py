"""The state of a content process, which every endpoint gets with its request."""

import asyncio
from uuid import UUID
from weakref import WeakValueDictionary

from aiohttp import web

from pulp_cargo.app.endpoints.memory.database import DatabaseProbe
from pulp_cargo.app.endpoints.memory.listener import Listener
from pulp_cargo.app.endpoints.memory.memory import Memory
from pulp_cargo.app.endpoints.memory.served_cache import ServedCache
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.crates import incoming_file
from pulp_cargo.app.services.crates.contents import CrateContents
from pulp_cargo.app.services.process import ServiceState
from pulp_cargo.app.services.publish.commit_queue import CommitQueue
from pulp_cargo.app.services.statistics.download_counts import DownloadCounts
from pulp_cargo.app.services.statistics.usage import UsageMemory

# Maximum number of listings that a process sends at once.
LISTINGS_AT_ONCE = 4
# Maximum number of large files of an object storage that a process passes on at once: each is in
# its memory or on its disk as a whole.
STORAGE_FILES_AT_ONCE = 16
# Memory for web pages in characters, and for answers to searches in bytes.
PAGE_CHARACTERS = 8 * 1024 * 1024
SEARCH_BYTES = 16 * 1024 * 1024


class ContentProcess:
    """Memory, queues, connections and limits of one content process.

    It is made and closed by `content_process`, with the application.
    """

    def __init__(self) -> None:
        self.services = ServiceState()
        self.cache = self.services.cache
        self.commits = CommitQueue(self.services.background)
        self.contents = CrateContents()
        self.pages = ServedCache[str](PAGE_CHARACTERS)
        self.search_answers = ServedCache[bytes](SEARCH_BYTES)
        self.counts = DownloadCounts(self.services.background)
        self.usage = UsageMemory()
        self.memory = Memory()
        self.listener = Listener(self.memory, self.cache, self.services.background)
        self.database = DatabaseProbe()
        # Of concurrent requests with the same credentials, one asks the guard and the others wait.
        self.guard_turns: WeakValueDictionary[tuple[UUID, bytes], asyncio.Lock] = (
            WeakValueDictionary()
        )
        self.listing_turns = asyncio.Semaphore(LISTINGS_AT_ONCE)
        self.storage_turns = asyncio.Semaphore(STORAGE_FILES_AT_ONCE)

    async def start(self) -> None:
        """Prepare for requests, and remove the files that killed processes have left behind."""
        await threads.work(incoming_file.remove_leftovers)
        # Otherwise the first request for a crate would wait until the advisories are read.
        self.cache.advisories.start()
        self.listener.start()
        self.counts.start()

    async def close(self) -> None:
        """Write everything that is queued, end what runs, and close the connections.

        The listener stops first, so that no commit waits for acknowledgements.
        """
        await self.listener.stop()
        await asyncio.gather(self.commits.close(), self.cache.drain(), self.counts.close())
        await self.services.close()
        self.contents.stop()


PROCESS = web.AppKey("cargo.process", ContentProcess)
