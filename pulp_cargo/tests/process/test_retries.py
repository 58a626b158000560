"""How a sync asks again for what its upstream did not send."""

import asyncio
import math
from collections.abc import Callable
from uuid import uuid4

import pytest

from pulp_cargo.protocol.unavailable import (
    UpstreamLeftAlone,
    UpstreamRefused,
    UpstreamUnreachable,
)
from pulp_cargo.rules.breaker import Breaker


class Upstream:
    """Fails as it is told to, and counts; the clock of its breaker is the sum of all pauses."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.now = 0, 0.0
        self.pauses: list[float] = []
        self.breaker = Breaker(lambda: self.now, failures=math.inf)

        async def sleep(seconds: float) -> None:
            self.now += seconds
            self.pauses.append(seconds)

        monkeypatch.setattr(asyncio, "sleep", sleep)

    def ask(self, fault: Callable[[int], Exception | None], most: int = 2) -> int:
        """Return the number of the request that succeeds."""
        from pulp_cargo.app.upstream.retries import with_retries

        async def attempt() -> int:
            self.asked += 1
            error = fault(self.asked)
            if error is not None:
                raise error
            return self.asked

        return asyncio.run(with_retries(attempt, self.breaker, most))


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Upstream:
    """An upstream whose pauses take no time."""
    return Upstream(monkeypatch)


def test_what_fails_is_asked_for_again(upstream: Upstream) -> None:
    """As often as the remote says, with longer pauses each time."""
    failing = UpstreamUnreachable("up", "it does not respond in time")
    assert upstream.ask(lambda number: failing if number < 3 else None) == 3
    assert all(pause <= 2 for pause in upstream.pauses)
    with pytest.raises(UpstreamUnreachable):
        upstream.ask(lambda number: failing)
    assert upstream.asked == 3 + 3


def test_what_is_refused_is_not_asked_for_again(upstream: Upstream) -> None:
    """It would be refused once more."""
    with pytest.raises(UpstreamRefused):
        upstream.ask(lambda number: UpstreamRefused("up", "it returned the status 404"))
    assert upstream.asked == 1


def test_pause_that_the_upstream_asks_for_is_kept(upstream: Upstream) -> None:
    """And is no attempt, for those who have not even asked."""
    upstream.breaker.failed(30)
    left_alone = UpstreamLeftAlone("up")
    assert upstream.ask(lambda number: left_alone if upstream.now < 30 else None, most=0) == 2
    assert upstream.now == 30


def test_pause_of_some_minutes_is_waited_for(upstream: Upstream) -> None:
    """Also for a single file, for which the breaker is open for a minute only."""
    upstream.breaker.failed(60)
    busy = UpstreamUnreachable("up", "it returned the status 429", 300)
    assert upstream.ask(lambda number: busy if upstream.now < 300 else None, most=1) == 2
    assert 300 <= upstream.now < 302


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (
            UpstreamUnreachable("up", "it returned the status 429", 301),
            "it returned the status 429",
        ),
        (UpstreamLeftAlone("up"), "it asks for a pause"),
    ],
)
def test_pause_that_is_too_long_is_an_error(
    upstream: Upstream, error: UpstreamUnreachable, what: str
) -> None:
    """A task must not lock its repository for an hour; the message names the header."""
    upstream.breaker.failed(301)
    with pytest.raises(UpstreamUnreachable) as refused:
        upstream.ask(lambda number: error)
    assert refused.value.what == (
        f"{what}, and its `Retry-After` is more than the 300 seconds that a sync waits: sync again"
        " later"
    )
    # What an administrator reads is the cause, if there is one.
    assert refused.value.__cause__ is None
    assert (upstream.asked, upstream.pauses) == (1, [])


@pytest.mark.parametrize(("field", "most"), [(None, 3), (0, 0), (1, 1)])
def test_remote_says_how_often(field: int | None, most: int) -> None:
    """Zero is a number like any other; without one it is the default of Pulp."""
    from pulp_cargo.app.models import CargoRemote
    from pulp_cargo.app.upstream.connection import Connection

    async def retries() -> int:
        url = "sparse+https://up.example/index/"
        remote = CargoRemote(name="up", url=url, pulp_domain_id=uuid4(), max_retries=field)
        connection = Connection(remote)
        try:
            return connection.max_retries
        finally:
            await connection.close()

    assert asyncio.run(retries()) == most
