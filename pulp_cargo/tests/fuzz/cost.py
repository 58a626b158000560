"""What reading an input may cost: so many times what ordinary input of its size costs here and now.

Everything is measured in the same process, as processor time, so a slow or busy machine slows both
sides down.
"""

import gc
import time
from collections.abc import Callable
from functools import cache
from urllib.parse import urlsplit

from pulp_cargo.tests.fuzz.readers import Reader, outcome

# So many times what ordinary input takes. What was found to be wrong took hundreds.
MOST = 25
# Below so many additions there is nothing to measure; a collection of garbage takes as long.
NOISE_ADDITIONS = 500_000
SMALL, LARGE = 1024, 128 * 1024


def require_proportional(reader: Reader, data: bytes) -> None:
    """Fail where an input takes more than its size allows, each time that it is tried."""
    allowed = budget(reader, reader.size_of(data))
    taken = _seconds(lambda: outcome(reader, data))
    for _ in range(3):
        if taken <= allowed:
            return
        gc.collect()
        taken = min(taken, _seconds(lambda: outcome(reader, data)))
    raise AssertionError(
        f"{reader.name} takes {taken:.3f} s for {reader.size_of(data)} bytes,"
        f" more than {MOST} times what ordinary input does ({allowed:.3f} s)"
    )


def budget(reader: Reader, size: int) -> float:
    """Return the seconds of processor time that an input of a size may take."""
    fixed, per_byte = _rate(reader)
    return MOST * (fixed + per_byte * size) + _noise()


@cache
def _rate(reader: Reader) -> tuple[float, float]:
    """Return what small ordinary input takes, and what each byte of large one does."""
    small, large = reader.ordinary(SMALL), reader.ordinary(min(LARGE, reader.limit // 2))
    for data in (small, large):
        # Or the others would be compared with nothing.
        assert outcome(reader, data) is None
    fixed, whole = (_least(lambda data=data: outcome(reader, data)) for data in (small, large))
    return fixed, whole / reader.size_of(large)


@cache
def _noise() -> float:
    def add() -> None:
        total = 0
        for number in range(NOISE_ADDITIONS):
            total += number

    return _least(add)


def _least(work: Callable[[], object]) -> float:
    return min(_seconds(work) for _ in range(3))


def _seconds(work: Callable[[], object]) -> float:
    # It remembers what it has taken apart, and a second look would take no time.
    urlsplit.cache_clear()
    begun = time.process_time()
    work()
    return time.process_time() - begun
