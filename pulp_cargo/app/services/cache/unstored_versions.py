"""What the indexes of a registry's remotes have of a crate, to describe what is not stored yet."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.cache.resolve import FromIndex, Resolved, resolve
from pulp_cargo.app.services.catalog.listed import Listed
from pulp_cargo.protocol.errors import InvalidName, ReservedName
from pulp_cargo.protocol.listed_version import ListedVersion, describe
from pulp_cargo.protocol.names import parse_crate_name


async def listed(cache: Cache, registry: Registry, name: str) -> Listed | None:
    """Return who answers for a crate, with what indexes have of it and policies allow.

    None if no index tells: for a registry without remotes, and for a crate that they do not have.
    Like cargo, it also looks for the name with hyphens for underscores, and the reverse. Raises
    VersionGone, and the errors of an upstream without which nobody can tell.
    """
    if not any(isinstance(one, RemoteUpstream) for one in registry.upstreams.all):
        return None
    try:
        name = parse_crate_name(name).lower()
    except (InvalidName, ReservedName):
        return None
    for spelling in dict.fromkeys((name, name.replace("-", "_"), name.replace("_", "-"))):
        if found := await resolve(cache.index_files, registry, spelling):
            return {
                one.upstream.name: await _versions(cache, registry, one, spelling) for one in found
            }
    return None


async def _versions(
    cache: Cache, registry: Registry, found: Resolved, name: str
) -> Sequence[ListedVersion] | None:
    if not isinstance(found, FromIndex):
        return None
    decision = await cache.policies.evaluate(registry.upstreams, found, name)
    left_out = frozenset[str]() if decision is None else decision.left_out
    index = await found.index(name)
    versions = {vers: one for vers, one in index.versions.items() if vers not in left_out}
    return await threads.work(describe, versions, found.first_seen, datetime.now(UTC))
