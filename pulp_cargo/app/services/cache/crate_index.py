"""The index file of a crate in a registry that has its crates from upstreams."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulp_cargo.app.queries.crates import index_file as index
from pulp_cargo.app.queries.crates.index_file import GZIP_FROM, IndexFile
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services.cache.resolve import (
    FromIndex,
    FromRepository,
    FromStore,
    Resolved,
    resolve,
)
from pulp_cargo.app.services.policies import evaluate, refusal_log
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.index_file import strong_etag
from pulp_cargo.protocol.packed_index import pack
from pulp_cargo.protocol.upstream_index import UpstreamIndex, merged, parse_index_file
from pulp_cargo.protocol.upstream_line import with_own_registries
from pulp_cargo.rules.policy_decision import PolicyDecision
from pulp_cargo.rules.resolution import CrateState

# What no line of crates.io has, and only some of others.
REGISTRY = b'"registry"'


@dataclass(frozen=True, slots=True)
class Served:
    """An index file, for how many seconds it is fresh (None: until we change it), and its age.

    The file is empty where all its versions are left out.
    """

    file: IndexFile
    fresh_for: float | None
    age: int | None = None
    left_out: frozenset[str] = frozenset()


async def crate_index(registry: Registry, name: str) -> Served:
    """Return a crate's index file, whole and as its upstreams have it.

    Raises CrateNotFound, VersionGone, and what an upstream raises.
    """
    found = await resolve(registry, name)
    parts = [served for one in found if (served := await _served(registry, one, name))]
    if not parts:
        raise CrateNotFound(name)
    served = parts[0] if len(parts) == 1 else await threads.work(_mixed, parts, name)
    if not served.file.body:
        raise CrateNotFound(name)
    return served


async def _served(registry: Registry, found: Resolved, name: str) -> Served | None:
    """Return what an upstream's answer becomes here, None where it is gone by now."""
    if isinstance(found, FromRepository):
        own = await threads.read(index.index_file, registry.at(found.upstream), name)
        return Served(own, None) if own else None
    decision = await evaluate.judge(registry, found, name)
    left_out: frozenset[str] = frozenset()
    if decision is not None:
        refusal_log.note(decision.dry_run)
        left_out = decision.left_out
    file = await _file(found, name, left_out)
    if REGISTRY in file.body:
        file = await threads.work(_with_own_registries, registry, file)
    age = found.age if isinstance(found, FromIndex) else None
    return Served(file, _until(decision, _fresh_for(found)), age, left_out)


async def _file(found: FromIndex | FromStore, name: str, left_out: frozenset[str]) -> IndexFile:
    if left_out:
        return await threads.work(_without, await found.index(name), left_out)
    if isinstance(found, FromStore):
        return found.file
    if found.copy.unpacked is not None and found.copy.is_sound:
        return _whole(found.copy)
    return await threads.work(_whole, found.copy)


def _fresh_for(found: FromIndex | FromStore) -> float | None:
    """Seconds until the upstream is asked again, None for a repository that has none."""
    if isinstance(found, FromIndex):
        return found.fresh_for
    return timeouts.STAND_IN_SECONDS if found.state is CrateState.STORED else None


def _whole(copy: IndexFileCopy) -> IndexFile:
    """Return a file as it came, but for versions that it has twice."""
    body = copy.body()
    if not copy.is_sound:
        return _without(parse_index_file(body, copy.name), frozenset())
    gzipped = copy.gzipped if len(body) >= GZIP_FROM else None
    return IndexFile(body, gzipped, f'"{copy.digest[:32]}"')


def _without(index: UpstreamIndex, left_out: frozenset[str]) -> IndexFile:
    return _made(index.serve(left_out))


def _with_own_registries(registry: Registry, file: IndexFile) -> IndexFile:
    """Return a file in which dependencies on what the registry stands in for stay in it.

    Else cargo would go there itself, and take crates of two sources for different ones.
    """
    body = with_own_registries(file.body, registry.is_null)
    return file if body == file.body else _made(body)


def _mixed(parts: Sequence[Served], name: str) -> Served:
    """Return the versions of several upstreams in one file, each from the first that has it."""
    body = merged(((part.file.body, part.left_out) for part in parts), name)
    times = [part.fresh_for for part in parts if part.fresh_for is not None]
    ages = [part.age for part in parts if part.age is not None]
    return Served(_made(body), min(times, default=None), max(ages, default=None))


def _made(body: bytes) -> IndexFile:
    return IndexFile(body, pack(body) if len(body) >= GZIP_FROM else None, strong_etag(body))


def _until(decision: PolicyDecision | None, fresh_for: float | None) -> float | None:
    until = None if decision is None else evaluate.good_for(decision)
    return min((one for one in (until, fresh_for) if one is not None), default=None)
