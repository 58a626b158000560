"""Listening to the notices of `notices/channel`, for as long as the process runs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import psycopg
from aiohttp import web
from django.db import connection

from pulp_cargo.app.endpoints.memory.memory import memory
from pulp_cargo.app.notices import channel as notify
from pulp_cargo.app.notices.channel import CHANNEL, LISTENER
from pulp_cargo.app.queries.crates import crate_file, index_file
from pulp_cargo.app.queries.registry import registry as registries
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import spawn
from pulp_cargo.app.services.downloads import persist_queue
from pulp_cargo.app.services.downloads.clients import upstream_clients

log = logging.getLogger(__name__)

# How many registries to look up before anybody asks.
KNOWN_FROM_THE_START = 50


async def listening(app: web.Application) -> AsyncIterator[None]:
    """Listen while the application runs (an aiohttp cleanup context)."""
    task = spawn(
        _listen_for_ever(), failure="Notices are not listened for any more", wait_at_exit=False
    )
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _listen_for_ever() -> None:
    while True:
        try:
            await _listen()
        except Exception as error:
            # Whatever it is, reads are right without memory, and the next connection may work.
            log.warning("No notices from PostgreSQL, reading without memory: %s", error)
        finally:
            memory.stop_listening()
        await asyncio.sleep(timeouts.LISTENER_RECONNECT_PAUSE_SECONDS)


async def _listen() -> None:
    own = await psycopg.AsyncConnection.connect(
        **parameters(), application_name=LISTENER, autocommit=True
    )
    async with own:
        await own.execute(f"LISTEN {CHANNEL}")
        # What was looked up before the LISTEN may have changed unnoticed.
        memory.forget()
        # Asked for, since a connection pooler shows another number than PostgreSQL knows.
        answer = await own.execute("SELECT pg_backend_pid()")
        (memory.acknowledgements.own_connection,) = await answer.fetchone() or (0,)
        memory.listening = True
        spawn(_warm_up(), failure="The first requests will be slower", wait_at_exit=False)
        silent = False
        while True:
            # A connection that waits for notices cannot say anything, so it waits for one packet.
            packet = own.notifies(timeout=timeouts.LISTENER_PULSE_SECONDS, stop_after=1)
            notices = [json.loads(notice.payload) async for notice in packet]
            if silent and not notices:
                raise ConnectionError("PostgreSQL passes no notices on; is there a pooler between?")
            silent = not notices
            _take(notices)
            async with asyncio.timeout(timeouts.LISTENER_PULSE_SECONDS):
                await _confirm(own, notices)


def _take(notices: Sequence[dict[str, Any]]) -> None:
    """Apply the notices of a packet; a change of many rows sends many of the same kind."""
    for notice in notices:
        memory.take_notice(notice)
    if any(notice["kind"] == "registries" for notice in notices):
        persist_queue.hurry()
        # A remote may have been changed or deleted. This costs a query.
        upstream_clients.check_soon()


async def _warm_up() -> None:
    """Be ready before the first request: a new connection takes longer than most answers."""
    await threads.connect()
    generation = memory.generation
    known = await threads.read(registries.oldest, KNOWN_FROM_THE_START)
    for registry in known:
        memory.keep_registry(registry, generation)
    if known:
        await threads.every_reader(_first_queries, known[0])


def _first_queries(registry: Registry) -> None:
    """Ask what every connection will be asked, for a crate that no registry has."""
    with suppress(VersionGone):
        index_file.index_file(registry.content, registry.urls, "-")
        crate_file.crate_file(registry.content, registry.domain, "-", "")


async def _confirm(own: psycopg.AsyncConnection, notices: Sequence[dict[str, Any]]) -> None:
    """Tell those who wait for it that this process knows of their changes, or try the line."""
    said = [one for notice in notices for one in _said_of(notice)]
    if not notices:
        # A notice to ourselves: that the connection answers does not mean that notices come.
        said = [(CHANNEL, notify.PULSE)]
    for channel, payload in said:
        await own.execute("SELECT pg_notify(%s, %s)", [channel, payload])


def _said_of(notice: dict[str, Any]) -> Iterator[tuple[str, str]]:
    listener = memory.acknowledgements.own_connection
    match notice:
        case {"kind": "version", "repository": repository, "number": number}:
            # Nobody waits for it but the process that made the version, and that has just heard.
            if notice.get("by") != notify.maker():
                yield CHANNEL, notify.heard(UUID(repository), number, listener)
        case {"kind": "asked", "mark": mark}:
            yield notify.ANSWERS, f"{mark} {listener}"


def parameters() -> dict[str, object]:
    """Django's connection parameters, without those that suit only its own connections."""
    parameters = connection.get_connection_params()
    for name in ("application_name", "context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return parameters
