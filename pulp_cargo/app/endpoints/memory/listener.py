"""Receiving the messages of `notices/channel`, for as long as the process runs."""

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg

from pulp_cargo.app.endpoints.memory.database import parameters
from pulp_cargo.app.endpoints.memory.memory import Memory
from pulp_cargo.app.notices import channel as notify
from pulp_cargo.app.notices.channel import CHANNEL, LISTENER
from pulp_cargo.app.queries.crates import crate_file, index_file
from pulp_cargo.app.queries.registry import registry as registries
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.services.cache.cache import Cache

log = logging.getLogger(__name__)

# Number of registries that are looked up before the first request.
KNOWN_FROM_THE_START = 50


class Listener:
    """Updates the memory and the cache of a process when a message arrives."""

    def __init__(self, memory: Memory, cache: Cache, background: BackgroundTasks) -> None:
        self._memory, self._cache, self._background = memory, cache, background
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen in the background, until `stop`."""
        self._task = self._background.spawn(
            self._listen_for_ever(),
            failure="Messages from PostgreSQL are no longer received",
            wait_at_exit=False,
        )

    async def stop(self) -> None:
        """Stop listening; nothing is cached from then on."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _listen_for_ever(self) -> None:
        while True:
            try:
                await self._listen()
            except Exception as error:
                # Any error: reads are correct without the memory, and a new connection may work.
                log.warning("No messages from PostgreSQL, so responses are not cached: %s", error)
            finally:
                self._memory.stop_listening()
            await asyncio.sleep(timeouts.LISTENER_RECONNECT_PAUSE_SECONDS)

    async def _listen(self) -> None:
        memory = self._memory
        own = await psycopg.AsyncConnection.connect(
            **parameters(), application_name=LISTENER, autocommit=True
        )
        async with own:
            await own.execute(f"LISTEN {CHANNEL}")
            # What was looked up before the LISTEN may have changed unnoticed.
            memory.forget()
            # A connection pooler reports another process id to psycopg than PostgreSQL has.
            answer = await own.execute("SELECT pg_backend_pid()")
            (memory.acknowledgements.own_connection,) = await answer.fetchone() or (0,)
            memory.listening = True
            self._background.spawn(
                self._warm_up(),
                failure="The cache could not be warmed up, so the first requests are slower",
                wait_at_exit=False,
            )
            silent = False
            while True:
                # A connection that waits for messages cannot send any, so it waits for one packet.
                packet = own.notifies(timeout=timeouts.LISTENER_PULSE_SECONDS, stop_after=1)
                notices = [json.loads(notice.payload) async for notice in packet]
                if silent and not notices:
                    raise ConnectionError(
                        "PostgreSQL does not deliver messages; is there a connection pooler in"
                        " between?"
                    )
                silent = not notices
                self.take(notices)
                async with asyncio.timeout(timeouts.LISTENER_PULSE_SECONDS):
                    await self._confirm(own, notices)

    def take(self, notices: Sequence[dict[str, Any]]) -> None:
        """Drop what the messages of a packet make outdated; a change of many rows sends many."""
        for notice in notices:
            if notice["kind"] == "index":
                self._cache.parsed_indexes.forget(UUID(notice["remote"]), notice["name"])
            self._memory.take_notice(notice)
        if any(notice["kind"] == "registries" for notice in notices):
            self._cache.persist_queue.hurry()
            # A remote may have been changed or deleted. This costs a query.
            self._cache.clients.check_soon()

    async def _warm_up(self) -> None:
        """Prepare for the first request: opening a connection takes longer than most responses."""
        await threads.connect()
        generation = self._memory.generation
        known = await threads.read(registries.oldest, KNOWN_FROM_THE_START)
        for registry in known:
            self._memory.remember_registry(registry, generation)
        if known:
            await threads.every_reader(_first_queries, known[0])

    async def _confirm(
        self, own: psycopg.AsyncConnection, notices: Sequence[dict[str, Any]]
    ) -> None:
        """Acknowledge messages to those that wait for it; without a message, test the connection."""
        sent = [one for notice in notices for one in self._acknowledgements_of(notice)]
        if not notices:
            # A message to this process: a connection that answers may still deliver no messages.
            sent = [(CHANNEL, notify.PULSE)]
        for channel, payload in sent:
            await own.execute("SELECT pg_notify(%s, %s)", [channel, payload])

    def _acknowledgements_of(self, notice: dict[str, Any]) -> Iterator[tuple[str, str]]:
        listener = self._memory.acknowledgements.own_connection
        match notice:
            case {"kind": "version", "repository": repository, "number": number}:
                # Only the process that made the version waits; if that is this one, it knows now.
                if notice.get("by") != notify.maker():
                    yield CHANNEL, notify.heard(UUID(repository), number, listener)
            case {"kind": "asked", "mark": mark}:
                yield notify.ANSWERS, f"{mark} {listener}"


def _first_queries(registry: Registry) -> None:
    """Run the queries of most requests once on a connection, for a crate that no registry has."""
    with suppress(VersionGone):
        index_file.index_file(registry.content, registry.urls, "-")
        crate_file.crate_file(registry.content, registry.domain, "-", "")
