"""The memory of a content process after all other rows."""

from collections.abc import Iterator

from benchmarks import proc
from benchmarks.measure import Measure, at_most
from benchmarks.world import World


def resident(world: World) -> Iterator[Measure]:
    """Resident memory of the content process."""
    megabytes = proc.resident_mb(world.stack.content_workers())
    yield Measure("memory of the content process after all this", megabytes, "MB", at_most(250))
