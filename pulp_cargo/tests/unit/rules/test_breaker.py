"""An upstream that fails is left alone, and tried again."""

import math

import pytest

from pulp_cargo.rules.breaker import Breaker


class Clock:
    """A clock that is set by hand, in seconds."""

    def __init__(self) -> None:
        # A machine's clock may have started just now.
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """A breaker of an upstream that nobody has asked yet."""
    return Breaker(clock)


def fail(breaker: Breaker, times: int) -> None:
    """Let the upstream fail so often."""
    for _ in range(times):
        breaker.failed()


def test_everybody_may_ask_a_healthy_upstream(breaker: Breaker):
    """Nothing has failed."""
    assert [breaker.may_ask() for _ in range(5)] == [True] * 5
    assert breaker.wait == 0


def test_two_failures_are_an_accident(breaker: Breaker):
    """A third one in a row opens it."""
    fail(breaker, 2)
    assert breaker.may_ask()
    fail(breaker, 1)
    assert not breaker.may_ask()
    assert breaker.wait == 2


def test_success_makes_up_for_failures(breaker: Breaker):
    """Only failures in a row count."""
    fail(breaker, 2)
    breaker.succeeded()
    fail(breaker, 2)
    assert breaker.may_ask()


def test_one_may_try_when_the_pause_ends(breaker: Breaker, clock: Clock):
    """The others wait for what becomes of it."""
    fail(breaker, 3)
    clock.now += 2
    assert [breaker.may_ask() for _ in range(3)] == [True, False, False]
    breaker.succeeded()
    assert breaker.may_ask()


def test_pauses_double_up_to_a_minute(breaker: Breaker, clock: Clock):
    """An upstream that is gone for long is asked ever less."""
    fail(breaker, 3)
    pauses = []
    for _ in range(7):
        pauses.append(breaker.wait)
        clock.now += breaker.wait
        assert breaker.may_ask()
        breaker.failed()
    assert pauses == [2, 4, 8, 16, 32, 60, 60]


def test_success_shortens_the_next_pause(breaker: Breaker, clock: Clock):
    """Who came back starts anew."""
    fail(breaker, 5)
    breaker.succeeded()
    fail(breaker, 3)
    assert breaker.wait == 2


def test_upstream_says_how_long_to_wait(breaker: Breaker, clock: Clock):
    """Its word counts from the first time."""
    breaker.failed(wait=30)
    assert not breaker.may_ask()
    clock.now += 29
    assert breaker.wait == 1
    clock.now += 1
    assert breaker.may_ask()


def test_one_bad_place_is_no_bad_upstream(breaker: Breaker):
    """However often somebody asks for it; a second one tells."""
    for _ in range(9):
        breaker.failed(place="a")
    assert breaker.wait == 0
    breaker.failed(place="b")
    assert breaker.wait == 2


def test_failures_at_once_count_as_one_pause(breaker: Breaker, clock: Clock):
    """Ten requests that were under way fail together, and the pause is the shortest."""
    fail(breaker, 10)
    assert breaker.wait == 2
    clock.now += 2
    assert breaker.may_ask()
    fail(breaker, 10)
    assert breaker.wait == 4


def test_it_need_not_open_by_failures(clock: Clock) -> None:
    """A sync asks again by itself; what the upstream asks for holds all the same."""
    breaker = Breaker(clock, failures=math.inf)
    for _ in range(100):
        breaker.failed()
        assert breaker.may_ask()
    breaker.failed(5)
    assert (breaker.wait, breaker.may_ask()) == (5, False)
