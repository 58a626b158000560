"""A circuit breaker: after several consecutive failures an upstream is not asked for a while."""

from collections.abc import Callable

# Number of consecutive failures that open it.
FAILURES = 3
# Initial and maximum time for which it stays open, in seconds; each further failure doubles it.
SHORTEST, LONGEST = 2.0, 60.0


class Breaker:
    """The state of a circuit breaker; times are seconds of `clock`.

    It opens after `failures` consecutive failures, or when the upstream asks for a pause.
    """

    def __init__(self, clock: Callable[[], float], *, failures: float = FAILURES) -> None:
        self._clock = clock
        self._most = failures
        self._failures = 0
        self._pause = SHORTEST
        self._open_until = 0.0
        self._places: set[str] = set()

    @property
    def wait(self) -> float:
        """Seconds until the next request is allowed; 0 if it is allowed now."""
        return max(0.0, self._open_until - self._clock())

    def may_ask(self) -> bool:
        """Whether a request is allowed; after a pause, one is sent as a probe."""
        if self.wait:
            return False
        if self._failures >= self._most:
            self._pause = min(self._pause * 2, LONGEST)
            self._open_until = self._clock() + self._pause
        return True

    def succeeded(self) -> None:
        """Record a success."""
        self._failures = 0
        self._places.clear()
        self._pause = SHORTEST
        self._open_until = 0.0

    def failed(self, wait: int | None = None, place: str | None = None) -> None:
        """Record a failure; `wait` is the upstream's Retry-After in seconds.

        Failures of a single `place`, such as one crate, do not open the breaker.
        """
        self._failures += 1
        if place is not None:
            self._places.add(place)
        if wait is not None:
            self._open_until = max(self._open_until, self._clock() + wait)
        elif (
            self._failures >= self._most
            and not self.wait
            and (place is None or len(self._places) > 1)
        ):
            self._open_until = self._clock() + self._pause
