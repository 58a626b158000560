"""Listening to the notices of `models/notify`, for as long as the process runs."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import suppress

import psycopg
from aiohttp import web
from django.db import connection

from pulp_cargo.app.endpoints.memory import memory
from pulp_cargo.app.models.notify import CHANNEL

log = logging.getLogger(__name__)

# How often to make sure that the connection is alive, and how long to wait for a sign, in seconds.
PULSE = 5
# How long to wait before connecting again, in seconds.
PAUSE = 0.5


async def listening(app: web.Application) -> AsyncIterator[None]:
    """Listen while the application runs (an aiohttp cleanup context)."""
    task = asyncio.get_running_loop().create_task(_listen_for_ever())
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
        await asyncio.sleep(PAUSE)


async def _listen() -> None:
    own = await psycopg.AsyncConnection.connect(**_parameters(), autocommit=True)
    async with own:
        await own.execute(f"LISTEN {CHANNEL}")
        # What was looked up before the LISTEN may have changed unnoticed.
        memory.forget()
        memory.listening = True
        while True:
            async for notice in own.notifies(timeout=PULSE):
                memory.take_notice(json.loads(notice.payload))
            async with asyncio.timeout(PULSE):
                await own.execute("SELECT 1")


def _parameters() -> dict[str, object]:
    """Django's connection parameters, without those that suit only its own connections."""
    parameters = connection.get_connection_params()
    for name in ("context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return parameters
