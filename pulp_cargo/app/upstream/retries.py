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

    A refused request is not retried. A pause that the upstream asks for by `Retry-After` does not
    count as a retry; one that is too long is an error of its own.
    """
    failed = 0
    while True:
        try:
            return await ask()
        except UpstreamRefused:
            raise
        except UpstreamLeftAlone as error:
            pause = _pause(breaker, error)
        except UpstreamUnreachable as error:
            pause = _pause(breaker, error)
            failed += 1
            if failed > most:
                raise
            # The random part spreads the retries of requests that failed at the same time.
            pause += random.uniform(0, 2 ** (failed - 1))
        await asyncio.sleep(pause)


def _pause(breaker: Breaker, error: UpstreamUnreachable) -> float:
    """Return how long to wait before the next request; raises UpstreamUnreachable if too long."""
    # For a single file, the breaker stays open for a part of the pause only.
    pause = max(breaker.wait, error.wait or 0)
    longest = timeouts.UPSTREAM_LONGEST_PAUSE_SECONDS
    if pause <= longest:
        return pause
    what = "it asks for a pause" if isinstance(error, UpstreamLeftAlone) else error.what
    # Without a cause: its message lacks the reason.
    raise UpstreamUnreachable(
        error.upstream,
        f"{what}, and its `Retry-After` is more than the {longest} seconds that a sync waits: sync"
        " again later",
        error.wait,
        error.detail,
    ) from None
