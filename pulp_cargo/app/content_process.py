"""What a content process has beside its requests: how it starts, and how it ends."""

import asyncio
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.background import BackgroundTasks, background_tasks
from pulp_cargo.app.services.cache.index_store import IndexStore, index_store
from pulp_cargo.app.services.crates import crate_reader, incoming_file
from pulp_cargo.app.services.downloads.clients import UpstreamClients, upstream_clients
from pulp_cargo.app.services.downloads.persist_queue import PersistQueue, persist_queue
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase, advisory_database
from pulp_cargo.app.services.policies.refusal_log import RefusalLog, refusal_log
from pulp_cargo.app.services.publish.commit_queue import CommitQueue, commit_queue
from pulp_cargo.app.services.statistics.download_counts import DownloadCounts, download_counts

# Threads that unpack crates hold the interpreter for so long at a time, in seconds, while a request
# waits for its turn several times; Python's own 5 ms make a cold `cargo fetch` a quarter longer.
SWITCH_INTERVAL_SECONDS = 0.001
OPEN_FILES = 8192


@dataclass(frozen=True, slots=True)
class ContentProcess:
    """The parts of a process that work in the background, or hold what has to be given back.

    Their modules have them, too: services also run in processes of Pulp's API and its workers.
    """

    commits: CommitQueue = commit_queue
    downloaded: PersistQueue = persist_queue
    index_files: IndexStore = index_store
    refusals: RefusalLog = refusal_log
    counts: DownloadCounts = download_counts
    clients: UpstreamClients = upstream_clients
    advisories: AdvisoryDatabase = advisory_database
    background: BackgroundTasks = background_tasks

    async def start(self) -> None:
        """Be ready for requests; processes that were killed have left files behind."""
        set_interpreter_limits()
        await threads.work(incoming_file.remove_leftovers)
        # The first crate would wait for it.
        self.advisories.start()
        self.counts.start()

    async def close(self) -> None:
        """Write what waits, end what runs, and close the connections."""
        await asyncio.gather(
            self.commits.close(),
            self.downloaded.close(),
            self.index_files.close(),
            self.refusals.close(),
            self.counts.close(),
        )
        await self.background.close()
        await self.clients.close()
        crate_reader.stop()


async def content_process(app: web.Application) -> AsyncIterator[None]:
    """Start and end with the application (an aiohttp cleanup context)."""
    process = ContentProcess()
    await process.start()
    yield
    await process.close()


def set_interpreter_limits() -> None:
    """Set the switch interval, and the number of files that may be open.

    Files that came from upstreams are open until they are stored, and many systems begin with 1,024.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
