"""Resolving a crate to the upstreams of a registry that answer for it, and their index files."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from pulp_cargo.app.queries.crates import index_file as stored_index
from pulp_cargo.app.queries.crates.index_file import IndexFile
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import (
    Registry,
    RegistryUrls,
)
from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.app.queries.upstreams.upstreams import (
    RemoteUpstream,
    RepositoryUpstream,
    Upstream,
)
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache.index_file import IndexFiles
from pulp_cargo.app.services.cache.parsed_indexes import ParsedIndexes
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable
from pulp_cargo.protocol.upstream_index import UpstreamIndex, parse_index_file
from pulp_cargo.rules.moments import published_later
from pulp_cargo.rules.resolution import Ask, CrateState, Unavailable, who_has


@dataclass(frozen=True, slots=True)
class FromIndex:
    """A crate that a remote's index has; see `index_file.Current` for `fresh_for` and `age`.

    `later` are the versions that the state of a time does not have.
    """

    upstream: RemoteUpstream
    copy: IndexFileCopy
    fresh_for: float
    age: int | None
    parsed: ParsedIndexes = field(repr=False)
    later: frozenset[str] = frozenset()
    state = CrateState.LISTED
    is_stored = False

    @property
    def first_seen(self) -> Mapping[str, str]:
        """Times at which versions without a `pubtime` were first seen, as text by `vers`."""
        return self.copy.first_seen

    async def index(self, name: str) -> UpstreamIndex:
        """Return the versions in the remote's index."""
        return await self.parsed.index_of(self.upstream.remote, self.copy)


@dataclass(frozen=True, slots=True)
class FromStore:
    """A crate of which caches have stored versions, which stand in for the remote if there is one."""

    upstream: Upstream
    file: IndexFile
    later: frozenset[str] = frozenset()
    is_stored = True

    @property
    def state(self) -> CrateState:
        """STORED if it stands in for a remote, LISTED if the repository is the upstream itself."""
        is_remote = isinstance(self.upstream, RemoteUpstream)
        return CrateState.STORED if is_remote else CrateState.LISTED

    @property
    def first_seen(self) -> Mapping[str, str]:
        """Empty, since versions that are stored were served before."""
        return {}

    async def index(self, name: str) -> UpstreamIndex:
        """Return the versions that are stored."""
        return await threads.work(parse_index_file, self.file.body, name)


@dataclass(frozen=True, slots=True)
class FromRepository:
    """A crate in a repository that no cache or sync fills, to which no policy applies."""

    upstream: RepositoryUpstream
    state = CrateState.LISTED


@dataclass(frozen=True, slots=True)
class Unanswered:
    """An upstream that failed, with no stored version that could stand in."""

    error: UpstreamUnreachable | UpstreamIndexInvalid
    state = CrateState.UNAVAILABLE


Resolved = FromIndex | FromStore | FromRepository


async def resolve(files: IndexFiles, registry: Registry, name: str) -> tuple[Resolved, ...]:
    """Return the upstreams that answer for a crate, by its lower-case name; usually one or none.

    Raises UpstreamUnreachable, UpstreamIndexInvalid and VersionGone.
    """
    upstreams = registry.upstreams
    answer = upstreams.answer
    if answer is None:
        answer = await threads.read(claims.who_may_answer, upstreams, name)
    found: dict[str, Resolved] = {}
    states: dict[str, CrateState] = {}
    failures: dict[str, Unanswered] = {}
    while isinstance(step := who_has(answer, states), Ask):
        upstream = step.upstreams[0]
        one = await ask(
            files, registry.urls, upstreams.by_name[upstream], name, until=upstreams.until
        )
        states[upstream] = CrateState.ABSENT if one is None else one.state
        if isinstance(one, Unanswered):
            failures[upstream] = one
        elif one is not None:
            found[upstream] = one
    if isinstance(step, Unavailable):
        raise failures[step.upstream].error
    return tuple(found[upstream] for upstream in step.upstreams)


async def ask(
    files: IndexFiles,
    urls: RegistryUrls,
    upstream: Upstream,
    name: str,
    *,
    at_any_age: bool = False,
    until: datetime | None = None,
) -> Resolved | Unanswered | None:
    """Return what an upstream has of a crate, by its lower-case name; None if nothing.

    `urls` are those of the registry that asks. With `until` a remote has only what was published by
    that time, so no copy of its index that may be older will do.
    """
    found = await _ask(files, urls, upstream, name, at_any_age=at_any_age and until is None)
    if until is None or isinstance(upstream, RepositoryUpstream):
        return found
    if not isinstance(found, FromIndex | FromStore):
        return found
    index = await found.index(name)
    versions = index.versions.values()
    later = await threads.work(published_later, versions, found.first_seen, until)
    return replace(found, later=later) if len(later) < len(versions) else None


async def _ask(
    files: IndexFiles, urls: RegistryUrls, upstream: Upstream, name: str, *, at_any_age: bool
) -> Resolved | Unanswered | None:
    if isinstance(upstream, RepositoryUpstream):
        if not upstream.fillers:
            return FromRepository(upstream)
        # Policies of what fills it apply to what is stored.
        stored = await _stored(urls, upstream, name)
        return stored or FromRepository(upstream)
    failure = None
    try:
        current = await files.current(upstream.remote, name, at_any_age=at_any_age)
        if current is not None:
            return FromIndex(upstream, current.copy, current.fresh_for, current.age, files.parsed)
    except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
        failure = Unanswered(error)
    stored = await _stored(urls, upstream, name) if upstream.version else None
    return stored or failure


async def _stored(urls: RegistryUrls, upstream: Upstream, name: str) -> FromStore | None:
    file = await threads.read(stored_index.index_file, upstream, urls, name)
    return None if file is None else FromStore(upstream, file)
