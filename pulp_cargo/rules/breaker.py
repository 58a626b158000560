"""A circuit breaker: an upstream that failed several times in a row is left alone for a while."""

import time
from collections.abc import Callable

# So many failures in a row open it.
FAILURES = 3
# How long it stays open, in seconds: at first, and at most; each further failure doubles it.
SHORTEST, LONGEST = 2.0, 60.0


class Breaker:
    """What is known of an upstream's health; times are seconds of `clock`.

    After `failures` in a row it opens; whatever the number, it does when the upstream asks for it.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, *, failures: float = FAILURES
    ) -> None:
        self._clock = clock
        self._most = failures
        self._failures = 0
        self._pause = SHORTEST
        self._open_until = 0.0
        self._places: set[str] = set()

    @property
    def wait(self) -> float:
        """Seconds until somebody may ask again; 0 when anybody may."""
        return max(0.0, self._open_until - self._clock())

    def may_ask(self) -> bool:
        """Whether to ask now; of those who come when a pause ends, one may, to try."""
        if self.wait:
            return False
        if self._failures >= self._most:
            self._pause = min(self._pause * 2, LONGEST)
            self._open_until = self._clock() + self._pause
        return True

    def succeeded(self) -> None:
        """Note an answer: all is well."""
        self._failures = 0
        self._places.clear()
        self._pause = SHORTEST
        self._open_until = 0.0

    def failed(self, wait: int | None = None, place: str | None = None) -> None:
        """Note a failure; `wait` are seconds that the upstream asked for itself.

        What fails at one `place` alone, as an answer about it does, is that place's fault.
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
