"""The versions of a crate that the crate policies of a registry refuse, and why."""

from collections.abc import Collection
from dataclasses import dataclass

from pulp_cargo.app.queries.crates import index_file
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.cache.resolve import FromRepository, Resolved, resolve
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.upstream_index import parse_index_file
from pulp_cargo.rules.policies.policy_decision import PolicyDecision, Refusal


@dataclass(frozen=True, slots=True)
class RefusedVersions:
    """The highest refused versions of a crate with the refusals, and how many there are in all."""

    highest: list[Refusal]
    total: int


async def refused_versions(
    cache: Cache, registry: Registry, name: str, most: int
) -> RefusedVersions:
    """Return which versions of a crate are refused now; it asks upstreams as an index file does.

    Of several upstreams, the first that has a version decides (`protocol/upstream_index.merged`).
    Raises CrateNotFound, VersionGone, and the errors of an upstream.
    """
    refused: list[tuple[PolicyDecision, list[str]]] = []
    decided: set[str] = set()
    for one in await resolve(cache.index_files, registry, name):
        decision = None
        # No policy applies to what was published here.
        if not isinstance(one, FromRepository):
            decision = await cache.policies.evaluate(registry.upstreams, one, name)
        if decision is not None:
            others = [vers for vers in decision.left_out if _number(vers) not in decided]
            refused.append((decision, others))
        decided |= {_number(vers) for vers in await _versions(registry, one, name)}
    if not decided:
        raise CrateNotFound(name)
    return await threads.work(_explained, refused, most)


async def _versions(registry: Registry, found: Resolved, name: str) -> Collection[str]:
    if not isinstance(found, FromRepository):
        return (await found.index(name)).versions
    file = await threads.read(index_file.index_file, found.upstream, registry.urls, name)
    return () if file is None else parse_index_file(file.body, name).versions


def _explained(refused: list[tuple[PolicyDecision, list[str]]], most: int) -> RefusedVersions:
    everything = sorted(
        (vers for _, others in refused for vers in others),
        key=lambda vers: parse_version(vers).order,
        reverse=True,
    )
    highest = everything[:most]
    found: dict[str, Refusal] = {}
    for decision, others in refused:
        wanted = set(highest).intersection(others)
        found |= {one.vers: one for one in decision.refusals(wanted)}
    return RefusedVersions([found[vers] for vers in highest], len(everything))


def _number(vers: str) -> str:
    return parse_version(vers).without_build
