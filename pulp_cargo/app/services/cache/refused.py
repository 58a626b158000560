"""The versions of a crate that the crate policies of a registry refuse, and why."""

from dataclasses import dataclass

from pulp_cargo.app.queries.owners import served_crate
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.cache.resolve import FromRepository, resolve
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.rules.policies.policy_decision import Refusal


@dataclass(frozen=True, slots=True)
class RefusedVersions:
    """The highest refused versions of a crate with the refusals, and how many there are in all."""

    highest: list[Refusal]
    total: int


async def refused_versions(
    cache: Cache, registry: Registry, name: str, most: int
) -> RefusedVersions:
    """Return which versions of a crate are refused now; it asks upstreams as an index file does.

    Raises CrateNotFound, VersionGone, and the errors of an upstream.
    """
    highest: list[Refusal] = []
    total, is_known = 0, False
    for one in await resolve(cache.index_files, registry, name):
        # No policy applies to what was published here.
        if isinstance(one, FromRepository):
            is_known |= await threads.read(served_crate, one.upstream, name) is not None
            continue
        is_known = True
        decision = await cache.policies.evaluate(registry.upstreams, one, name)
        if decision is not None:
            highest += await threads.work(decision.refusals, most)
            total += len(decision.left_out)
    if not is_known:
        raise CrateNotFound(name)
    return RefusedVersions(highest, total)
