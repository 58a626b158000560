"""Index files of a registry that has its crates from upstreams."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import remember, revalidated
from pulp_cargo.app.queries.crates import index_file as index
from pulp_cargo.app.queries.crates.index_file import GZIP_FROM, IndexFile
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.index_copy import IndexCopy
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache import resolve
from pulp_cargo.app.services.cache.resolve import ResolvedUpstream
from pulp_cargo.app.services.policies import evaluate, refusal_log
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.index_file import strong_etag
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.packed_index import pack
from pulp_cargo.protocol.upstream_index import UpstreamIndex, merged, parse_index_file
from pulp_cargo.protocol.upstream_line import with_own_registries
from pulp_cargo.rules.policy_decision import PolicyDecision

# How long what we keep stands for an upstream that does not have it, or is not there, in seconds.
STAND_IN_SECONDS = 5.0
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


async def get_cached_index_file(cargo: CargoRequest, name: str) -> web.StreamResponse:
    """Answer with a crate's index file, whole and as its upstream has it; raises CrateNotFound."""
    found = await resolve.find(cargo.registry, name)
    parts = [served for one in found if (served := await _served(cargo, one, name))]
    if not parts:
        raise CrateNotFound(name)
    served = parts[0] if len(parts) == 1 else await threads.work(_mixed, parts, name)
    if not served.file.body:
        raise CrateNotFound(name)
    headers = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": revalidated(cargo)}
    if served.age is not None:
        headers["Age"] = str(served.age)
    return remember(
        cargo,
        served.file.body,
        gzipped=served.file.gzipped,
        etag=served.file.etag,
        crate=canonical_name(name),
        headers=headers,
        fresh_for=served.fresh_for,
    )


async def _served(cargo: CargoRequest, found: ResolvedUpstream, name: str) -> Served | None:
    """Return what an upstream's answer becomes here, None where it is gone by now."""
    if found.source.remote is None and found.kept is None:
        own = await threads.read(index.index_file, cargo.registry.at(found.source), name)
        return own and Served(own, None)
    judgement = await evaluate.judge(cargo.registry, found, name)
    left_out: frozenset[str] = frozenset()
    if judgement is not None:
        refusal_log.note(judgement.dry_run)
        left_out = judgement.left_out
    file = await _file(found, name, left_out)
    if REGISTRY in file.body:
        file = await threads.work(_with_own_registries, cargo.registry, file)
    current = found.current
    if found.source.remote is None:
        return Served(file, _until(judgement, None), None, left_out)
    fresh_for = STAND_IN_SECONDS if current is None else current.fresh_for
    return Served(file, _until(judgement, fresh_for), current and current.age, left_out)


async def _file(found: ResolvedUpstream, name: str, left_out: frozenset[str]) -> IndexFile:
    current = found.current
    if left_out:
        return await threads.work(_without, await found.index(name), left_out)
    if current is None:
        assert found.kept is not None, "what no remote has is what we keep"
        return found.kept
    assert current.copy is not None, "what is not there is not found"
    if current.copy.unpacked is not None and current.copy.is_sound:
        return _whole(current.copy)
    return await threads.work(_whole, current.copy)


def _whole(copy: IndexCopy) -> IndexFile:
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


def _until(judgement: PolicyDecision | None, fresh_for: float | None) -> float | None:
    until = None if judgement is None else evaluate.good_for(judgement)
    return min((one for one in (until, fresh_for) if one is not None), default=None)
