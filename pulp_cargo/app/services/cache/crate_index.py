"""Building the index file of a crate in a registry with upstreams, as their policies allow."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulp_cargo.app.queries.crates import index_file as index
from pulp_cargo.app.queries.crates.index_file import GZIP_FROM, IndexFile
from pulp_cargo.app.queries.registry.registry import Registry, RegistryUrls
from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.cache.resolve import (
    FromIndex,
    FromRepository,
    FromStore,
    Resolved,
    resolve,
)
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.index_file import strong_etag
from pulp_cargo.protocol.packed_index import pack
from pulp_cargo.protocol.upstream_index import UpstreamIndex, merged, parse_index_file
from pulp_cargo.protocol.upstream_line import with_own_registries
from pulp_cargo.rules.policies.policy_decision import PolicyDecision
from pulp_cargo.rules.resolution import CrateState

# No line of crates.io has this key, and few of other registries: only these need rewriting.
REGISTRY = b'"registry"'


@dataclass(frozen=True, slots=True)
class Served:
    """An index file, how many seconds it is fresh (None: until we change it), and its age.

    The file is empty if policies leave out all of its versions.
    """

    file: IndexFile
    fresh_for: float | None
    age: int | None = None
    left_out: frozenset[str] = frozenset()


async def crate_index(cache: Cache, registry: Registry, name: str) -> Served:
    """Return a crate's index file, with all versions that its upstreams have and policies allow.

    Raises CrateNotFound, VersionGone, and the errors of an upstream.
    """
    found = await resolve(cache.index_files, registry, name)
    parts = [served for one in found if (served := await _served(cache, registry, one, name))]
    if not parts:
        raise CrateNotFound(name)
    served = parts[0] if len(parts) == 1 else await threads.work(_mixed, parts, name)
    if not served.file.body:
        raise CrateNotFound(name)
    return served


async def _served(cache: Cache, registry: Registry, found: Resolved, name: str) -> Served | None:
    """Return the file to serve for an upstream's answer, None if it was removed meanwhile."""
    if isinstance(found, FromRepository):
        own = await threads.read(index.index_file, found.upstream, registry.urls, name)
        return Served(own, None) if own else None
    decision = await cache.policies.evaluate(registry.upstreams, found, name)
    left_out: frozenset[str] = frozenset()
    if decision is not None:
        cache.policies.refusals.note(decision.dry_run)
        left_out = decision.left_out
    file = await _file(found, name, left_out | found.later)
    if REGISTRY in file.body:
        file = await threads.work(_with_own_registries, registry.urls, file)
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
    """Seconds until the upstream is asked again, None for a repository without one."""
    if isinstance(found, FromIndex):
        return found.fresh_for
    return timeouts.STAND_IN_SECONDS if found.state is CrateState.STORED else None


def _whole(copy: IndexFileCopy) -> IndexFile:
    """Return a file as the upstream sent it, except that duplicate versions are dropped."""
    body = copy.body()
    if not copy.is_sound:
        return _without(parse_index_file(body, copy.name), frozenset())
    gzipped = copy.gzipped if len(body) >= GZIP_FROM else None
    return IndexFile(body, gzipped, f'"{copy.digest[:32]}"')


def _without(index: UpstreamIndex, left_out: frozenset[str]) -> IndexFile:
    return _index_file(index.serve(left_out))


def _with_own_registries(urls: RegistryUrls, file: IndexFile) -> IndexFile:
    """Return a file whose dependencies on registries that this one replaces point to this one.

    Otherwise cargo would fetch them there, and treat the same crate from two sources as two crates.
    """
    body = with_own_registries(file.body, urls.is_null)
    return file if body == file.body else _index_file(body)


def _mixed(parts: Sequence[Served], name: str) -> Served:
    """Return the versions of several upstreams in one file, each from the first that has it."""
    body = merged(((part.file.body, part.left_out) for part in parts), name)
    times = [part.fresh_for for part in parts if part.fresh_for is not None]
    ages = [part.age for part in parts if part.age is not None]
    return Served(_index_file(body), min(times, default=None), max(ages, default=None))


def _index_file(body: bytes) -> IndexFile:
    return IndexFile(body, pack(body) if len(body) >= GZIP_FROM else None, strong_etag(body))


def _until(decision: PolicyDecision | None, fresh_for: float | None) -> float | None:
    until = None if decision is None else evaluate.good_for(decision)
    return min((one for one in (until, fresh_for) if one is not None), default=None)
