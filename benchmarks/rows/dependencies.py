"""The speed of finding what crates need, in the REST API and in a task for all of a repository."""

import time
from collections.abc import Iterator

from benchmarks import needs, publishing
from benchmarks.crates import Crate
from benchmarks.measure import Measure, at_most, percentile
from benchmarks.world import World, say

# The time for a whole repository grows with its versions.
VERSIONS_PER_SECOND = 10_000
# Seconds for a small one, which is the time until a worker begins.
FEW = 5


def closure(world: World) -> Iterator[Measure]:
    """Check what a crate with 500 dependencies needs, and then each version of the repository."""
    count = world.scale.needed
    registry = world.stack.make_registry("bench-needs")
    publishing.one_by_one(registry, [Crate("bench-template", "1.0.0")])
    say(f"writing {count:,} crates with dependencies")
    world.stack.inside("depend", registry.name, str(count))
    rest = world.stack.rest()
    repository = rest.find("repositories/cargo/cargo/", registry.name)
    took: list[float] = []
    for _ in range(world.scale.fetches):
        start = time.perf_counter()
        report = rest.post(f"{repository}check_closure/", crates=[{"name": needs.ROOT}])
        took.append(time.perf_counter() - start)
        assert report["passes"] and report["versions"] == needs.needed(count)
    yield Measure(
        f"closure of {needs.needed(count):,} crates out of {count:,}",
        percentile(took, 50),
        "s",
        at_most(5),
    )
    versions = needs.versions(count) + 1
    seconds = rest.run_task(f"{repository}check_dependencies/")
    yield Measure(
        f"check of the dependencies of {versions:,} versions",
        seconds,
        "s",
        at_most(max(FEW, versions / VERSIONS_PER_SECOND)),
    )
