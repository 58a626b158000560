"""Which of a registry's upstreams answers for a crate, and with what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulp_cargo.app.queries.crates import index_file as index
from pulp_cargo.app.queries.crates.index_file import IndexFile
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.cache import index_file
from pulp_cargo.app.services.cache.index_file import Current
from pulp_cargo.app.services.cache.parsed_indexes import index_of
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable
from pulp_cargo.protocol.upstream_index import UpstreamIndex, parse_index_file


@dataclass(frozen=True, slots=True)
class UpstreamsToAsk:
    """The upstreams to ask for a crate, in order; all that have it answer if they are `mixed`."""

    sources: Sequence[Upstream]
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedUpstream:
    """An upstream that answers for a crate.

    `current` is what a remote says of it; where that is None, a remote does not have the crate or
    is not there, and `kept` is the index file of what we keep of it. Of a repository of ours `kept` is
    there where caches fill it.
    """

    source: Upstream
    current: Current | None = None
    kept: IndexFile | None = None

    @property
    def is_stored(self) -> bool:
        """Whether some of it may be served from here."""
        return self.kept is not None

    @property
    def first_seen(self) -> Mapping[str, str]:
        """When versions without a `pubtime` were first seen, as text by `vers`."""
        copy = self.current and self.current.copy
        return copy.first_seen if copy else {}

    async def index(self, name: str) -> UpstreamIndex:
        """Return the versions that a remote has, or that we keep of it."""
        if self.current is not None and self.current.copy is not None:
            assert self.source.remote is not None, "only a remote has an index of its own"
            return await index_of(self.source.remote, self.current.copy)
        assert self.kept is not None, "a repository of ours is asked by queries"
        return await threads.work(parse_index_file, self.kept.body, name)


async def asked(registry: Registry, name: str) -> UpstreamsToAsk:
    """Return the upstreams that may answer for a crate; a claimed name is asked of nobody else."""
    if registry.order is None:
        return UpstreamsToAsk(registry.sources or (registry.whole,))
    answer = await threads.read(claims.who_may_answer, registry, name)
    assert answer is not None, "a list has an order"
    sources = {source.name: source for source in registry.sources}
    return UpstreamsToAsk([sources[one] for one in answer.ask], answer.mixed)


async def find(registry: Registry, name: str) -> tuple[ResolvedUpstream, ...]:
    """Return the upstreams that answer for a crate, by its lower-case name; most often one, or none.

    Raises UpstreamUnreachable, UpstreamIndexInvalid and VersionGone.
    """
    found = []
    who = await asked(registry, name)
    for source in who.sources:
        one = await ask(registry, source, name)
        if one is not None:
            found.append(one)
            if not who.mixed:
                break
    return tuple(found)


async def ask(
    registry: Registry, source: Upstream, name: str, *, at_any_age: bool = False
) -> ResolvedUpstream | None:
    """Return what an upstream has of a crate, None if nothing.

    An upstream that cannot be asked must not make room for the next one: that is an error, unless
    we keep something of it.
    """
    if source.remote is None:
        if not source.fillers:
            return ResolvedUpstream(source)
        # Policies of the caches that fill it may have a word.
        stored = await threads.read(index.index_file, registry.at(source), name)
        return ResolvedUpstream(source, kept=stored)
    failure: Exception | None = None
    try:
        current = await index_file.current(source.remote, name, at_any_age=at_any_age)
        if current.copy is not None:
            return ResolvedUpstream(source, current)
    except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
        failure = error
    kept = None
    if source.version is not None:
        kept = await threads.read(index.index_file, registry.at(source), name)
    if kept is None and failure is not None:
        raise failure
    return None if kept is None else ResolvedUpstream(source, kept=kept)
