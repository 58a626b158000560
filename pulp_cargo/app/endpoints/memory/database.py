"""Connections to PostgreSQL that a content process has in addition to Django's."""

import asyncio
import time
from typing import Any

import psycopg
from django.db import connection

from pulp_cargo.app.runtime import timeouts


def parameters() -> dict[str, Any]:
    """Django's connection parameters, without those that only suit Django's own connections."""
    parameters = connection.get_connection_params()
    for name in ("application_name", "context", "cursor_factory", "prepare_threshold"):
        parameters.pop(name, None)
    return parameters


class DatabaseProbe:
    """Whether PostgreSQL answers; concurrent requests share one connection attempt."""

    def __init__(self) -> None:
        self._answers = False
        self._until = 0.0
        self._asking = asyncio.Lock()

    async def answers(self) -> bool:
        """Connect to PostgreSQL, unless that was done a moment ago."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._answers = await _can_connect()
                self._until = time.monotonic() + timeouts.HEALTH_FRESH_SECONDS
            return self._answers


async def _can_connect() -> bool:
    try:
        async with asyncio.timeout(timeouts.HEALTH_DATABASE_TIMEOUT_SECONDS):
            connection = await psycopg.AsyncConnection.connect(**parameters(), autocommit=True)
            async with connection:
                await connection.execute("SELECT 1")
    except (TimeoutError, OSError, psycopg.Error):
        return False
    return True
