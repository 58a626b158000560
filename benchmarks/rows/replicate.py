"""The speed at which another Pulp copies a registry, without its .crate files.

The copy is on a stack of its own, since one that has the crates would find them. Both share the
machine, so the upstream's work counts as well. The times are those of the tasks.
"""

from collections.abc import Iterator

from benchmarks.measure import Measure, at_least, at_most
from benchmarks.world import World


def metadata(world: World) -> Iterator[Measure]:
    """Sync a whole registry, then once more with nothing new."""
    upstream = world.filled
    with world.another_stack("copy") as copy:
        rest = copy.rest()
        remote = rest.make(
            "remotes/cargo/cargo/",
            name="bench",
            url=upstream.index_url,
            policy="on_demand",
        )
        repository = rest.make("repositories/cargo/cargo/", name="bench", remote=remote)
        seconds = rest.run_task(f"{repository}sync/", mirror=True)
        newest = rest.get(rest.get(repository)["latest_version_href"])
        count = newest["content_summary"]["present"]["cargo.crate"]["count"]
        again = rest.run_task(f"{repository}sync/", mirror=True)
    yield Measure(
        f"copy of {count:,} versions, metadata only", count / seconds, "/s", at_least(500)
    )
    yield Measure("copy again, nothing new", again * 1e3, "ms", at_most(500))
