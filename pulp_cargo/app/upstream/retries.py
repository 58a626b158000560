"""Retrying failed requests to an upstream, in tasks where no client waits for the response."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.protocol.unavailable import (
    UpstreamLeftAlone,
    UpstreamRefused,
    UpstreamUnreachable,
)
from pulp_cargo.rules.breaker import Breaker

T = TypeVar("T")


async def with_retries(ask: Callable[[], Awaitable[T]], breaker: Breaker, most: int) -> T:
    """Send a request, with at most `most` retries; raises the UpstreamUnreachable of the last one.

    A refused request is not retried. A pause that the upstream asks for does not count as a retry.
    """
    failed = 0
    while True:
        try:
            return await ask()
        except UpstreamRefused:
            raise
        except UpstreamLeftAlone:
            if breaker.wait > timeouts.UPSTREAM_LONGEST_PAUSE_SECONDS:
                raise
        except UpstreamUnreachable:
            failed += 1
            if failed > most or breaker.wait > timeouts.UPSTREAM_LONGEST_PAUSE_SECONDS:
                raise
            # The random part spreads the retries of requests that failed at the same time.
            await asyncio.sleep(random.uniform(0, 2 ** (failed - 1)))
        await asyncio.sleep(breaker.wait)
