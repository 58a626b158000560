"""Asking an upstream again for what it did not send, where nobody waits for the answer."""

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
    """Ask, and at most so many times again; raises the UpstreamUnreachable of the last time.

    What the upstream refuses it would refuse again. A pause that it asks for is no attempt.
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
            # Not all that failed together ask together again.
            await asyncio.sleep(random.uniform(0, 2 ** (failed - 1)))
        await asyncio.sleep(breaker.wait)
