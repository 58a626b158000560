"""Which of a registry's upstreams answers for a crate, and with what."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulp_cargo.app.queries import claims, index
from pulp_cargo.app.queries.index import IndexFile
from pulp_cargo.app.queries.registries import Registry
from pulp_cargo.app.queries.sources import Source
from pulp_cargo.app.services import threads, upstream_index
from pulp_cargo.app.services.upstream_index import Current
from pulp_cargo.app.services.upstream_versions import index_of
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable
from pulp_cargo.protocol.upstream_index import UpstreamIndex, parse_index_file


@dataclass(frozen=True, slots=True)
class Asked:
    """The upstreams to ask for a crate, in order; all that have it answer if they are `mixed`."""

    sources: Sequence[Source]
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """An upstream that answers for a crate.

    `current` is what a remote says of it; where that is None, a remote does not have the crate or
    is not there, and `kept` is the index file of what we keep of it. Of a repository of ours `kept` is
    there where caches fill it.
    """

    source: Source
    current: Current | None = None
    kept: IndexFile | None = None

    async def index(self, name: str) -> UpstreamIndex:
        """Return the versions that a remote has, or that we keep of it."""
        if self.current is not None and self.current.copy is not None:
            assert self.source.remote is not None, "only a remote has an index of its own"
            return await index_of(self.source.remote, self.current.copy)
        assert self.kept is not None, "a repository of ours is asked by queries"
        return await threads.work(parse_index_file, self.kept.body, name)


async def asked(registry: Registry, name: str) -> Asked:
    """Return the upstreams that may answer for a crate; a claimed name is asked of nobody else."""
    if registry.order is None:
        return Asked(registry.sources or (registry.whole,))
    answer = await threads.read(claims.who_may_answer, registry, name)
    assert answer is not None, "a list has an order"
    sources = {source.name: source for source in registry.sources}
    return Asked([sources[one] for one in answer.ask], answer.mixed)


async def find(registry: Registry, name: str) -> tuple[Found, ...]:
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
    registry: Registry, source: Source, name: str, *, at_any_age: bool = False
) -> Found | None:
    """Return what an upstream has of a crate, None if nothing.

    An upstream that cannot be asked must not make room for the next one: that is an error, unless
    we keep something of it.
    """
    if source.remote is None:
        if not source.fillers:
            return Found(source)
        # Policies of the caches that fill it may have a word.
        stored = await threads.read(index.index_file, registry.at(source), name)
        return Found(source, kept=stored)
    failure: Exception | None = None
    try:
        current = await upstream_index.current(source.remote, name, at_any_age=at_any_age)
        if current.copy is not None:
            return Found(source, current)
    except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
        failure = error
    kept = None
    if source.version is not None:
        kept = await threads.read(index.index_file, registry.at(source), name)
    if kept is None and failure is not None:
        raise failure
    return None if kept is None else Found(source, kept=kept)
