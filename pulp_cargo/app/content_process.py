"""Starting and closing the parts of a content process that are not tied to a request."""

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
from pulp_cargo.app.services.crates.contents import CrateContents, crate_contents
from pulp_cargo.app.services.downloads.clients import UpstreamClients, upstream_clients
from pulp_cargo.app.services.downloads.persist_queue import PersistQueue, persist_queue
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase, advisory_database
from pulp_cargo.app.services.policies.refusal_log import RefusalLog, refusal_log
from pulp_cargo.app.services.publish.commit_queue import CommitQueue, commit_queue

# How long a thread that unpacks a crate may block the interpreter, in seconds. A request may wait
# for it several times: with Python's default of 5 ms a cold `cargo fetch` takes a quarter longer.
SWITCH_INTERVAL_SECONDS = 0.001
OPEN_FILES = 8192


@dataclass(frozen=True, slots=True)
class ContentProcess:
    """The parts of a process that work in the background, or hold resources that must be released.

    These are the instances of their modules, since services also run in Pulp's API app and workers.
    """

    commits: CommitQueue = commit_queue
    downloaded: PersistQueue = persist_queue
    index_files: IndexStore = index_store
    refusals: RefusalLog = refusal_log
    clients: UpstreamClients = upstream_clients
    advisories: AdvisoryDatabase = advisory_database
    background: BackgroundTasks = background_tasks
    contents: CrateContents = crate_contents

    async def start(self) -> None:
        """Prepare for requests, and remove files of processes that were killed."""
        set_interpreter_limits()
        await threads.work(incoming_file.remove_leftovers)
        # Otherwise the first crate would wait for the advisories.
        self.advisories.start()

    async def close(self) -> None:
        """Write waiting changes, end background tasks, and close connections."""
        await asyncio.gather(
            self.commits.close(),
            self.downloaded.close(),
            self.index_files.close(),
            self.refusals.close(),
        )
        await self.background.close()
        await self.clients.close()
        crate_reader.stop()
        self.contents.stop()


async def content_process(app: web.Application) -> AsyncIterator[None]:
    """Start and end with the application (an aiohttp cleanup context)."""
    process = ContentProcess()
    await process.start()
    yield
    await process.close()


def set_interpreter_limits() -> None:
    """Set the interpreter's switch interval, and the maximum number of open files.

    Downloaded files are open until they are stored, and the default limit is often 1,024.
    """
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < OPEN_FILES:
        most = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
