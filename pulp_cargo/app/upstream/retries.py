"""Asking an upstream again for what it did not send, where nobody waits for the answer."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from pulp_cargo.protocol.unavailable import (
    UpstreamLeftAlone,
    UpstreamRefused,
    UpstreamUnreachable,
)
from pulp_cargo.rules.breaker import Breaker

T = TypeVar("T")

# The longest pause that an upstream may ask for and get, in seconds; a task holds its repository.
LONGEST_PAUSE = 60


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
            if breaker.wait > LONGEST_PAUSE:
                raise
        except UpstreamUnreachable:
            failed += 1
            if failed > most or breaker.wait > LONGEST_PAUSE:
                raise
            # Not all that failed together ask together again.
            await asyncio.sleep(random.uniform(0, 2 ** (failed - 1)))
        await asyncio.sleep(breaker.wait)
