"""Whatever strangers send is read, or refused by an error of its own, at the cost of its size.

The limits are those of size alone, so size must be all that costs: a `RecursionError`, a `KeyError`
or a second for some kilobytes would be a way to stop a registry with one request.
"""

import os
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from pulp_cargo.tests.fuzz.cost import require_proportional
from pulp_cargo.tests.fuzz.inputs import SMALL_SIZES, every_shape, inputs
from pulp_cargo.tests.fuzz.readers import READERS, Reader

# What the hour of `make fuzz` is, in seconds, and how the readers share it.
SECONDS = float(os.environ.get("PULP_CARGO_TESTS_FUZZ_SECONDS", "3600"))
EXAMPLES, EXAMPLES_AT_ONCE = 100, 300
# How much of a token stands in one input, in bytes.
REPEATED, REPEATED_LONG = 32 * 1024, 1024 * 1024

HEALTH = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)
EVERY_READER = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)


@EVERY_READER
def test_strange_input_is_read_or_refused_at_the_cost_of_its_size(reader: Reader) -> None:
    """The same examples each time, so that nobody's change fails for the luck of the draw."""
    attempt(reader, SMALL_SIZES, settings(max_examples=EXAMPLES, derandomize=True))


@EVERY_READER
def test_whatever_is_repeated_costs_what_its_size_does(reader: Reader) -> None:
    """Each token of a format, in each place where a reader looks into it."""
    for data in every_shape(reader, min(REPEATED, reader.limit)):
        require_proportional(reader, data)


@pytest.mark.long
@EVERY_READER
def test_whatever_is_repeated_up_to_the_limit_costs_what_its_size_does(reader: Reader) -> None:
    """What grows with the square of the size shows in large inputs."""
    for data in every_shape(reader, min(REPEATED_LONG, reader.limit)):
        require_proportional(reader, data)


@pytest.mark.long
@EVERY_READER
def test_strange_input_for_an_hour(reader: Reader) -> None:
    """Other examples each time, up to the limits of size."""
    # Few of the largest ones, of which a minute has hardly any.
    sizes = (*SMALL_SIZES * 3, min(reader.limit, 1024 * 1024), reader.limit)
    end, tried = time.monotonic() + SECONDS / len(READERS), 0
    while time.monotonic() < end:
        tried += attempt(reader, sizes, settings(max_examples=EXAMPLES_AT_ONCE))
    print(f"\n{reader.name}: {tried} examples")


def attempt(reader: Reader, sizes: tuple[int, ...], tries: settings) -> int:
    """Try so many examples, and return how many there were."""
    counts: Counter[str] = Counter()

    @settings(
        tries,
        database=None,
        deadline=None,
        suppress_health_check=HEALTH,
        phases=(Phase.generate, Phase.shrink),
    )
    @given(inputs(reader, sizes))
    def reads(data: bytes) -> None:
        counts["examples"] += 1
        require_proportional(reader, data)

    reads()
    return counts["examples"]
