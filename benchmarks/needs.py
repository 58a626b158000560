"""Crates with dependencies among each other: the first of them needs up to 500 others."""

from collections.abc import Iterator

from benchmarks.crates import Crate

# The crates of the closure, and the versions of each of them; all others have one.
MOST_NEEDED = 500
VERSIONS = 20
# Each crate of the closure depends on the next ones of a tree in which their numbers overlap.
BRANCHES = 6
NAME = "bench-needs-{:06}"
ROOT = NAME.format(0)


def needed(count: int) -> int:
    """Return how many of the crates the first one needs, with itself."""
    return min(MOST_NEEDED, count // 2)


def versions(count: int) -> int:
    """Return the number of versions of so many crates."""
    return count + needed(count) * (VERSIONS - 1)


def crates(count: int) -> Iterator[Crate]:
    """Yield the versions of so many crates; those of the closure come first."""
    closure = needed(count)
    for number in range(count):
        if number < closure:
            first = 2 * number + 1
            found = range(first, min(first + BRANCHES, closure))
        else:
            found = range(number % closure, closure, closure // 3)
        deps = tuple(NAME.format(dep) for dep in found)
        for patch in range(VERSIONS if number < closure else 1):
            yield Crate(NAME.format(number), f"1.0.{patch}", deps=deps)
