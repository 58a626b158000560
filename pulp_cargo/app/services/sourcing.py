"""Which of a registry's upstreams answers for a crate, and with what."""

from dataclasses import dataclass

from pulp_cargo.app.queries import index
from pulp_cargo.app.queries.registries import Registry
from pulp_cargo.app.queries.sources import Source
from pulp_cargo.app.services import threads, upstream_index
from pulp_cargo.app.services.upstream_index import Current
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable

# How long what we keep stands for an upstream that does not have it, or is not there, in seconds.
STAND_IN_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """An upstream that has the crate; `current` is None where its repository with us answers."""

    source: Source
    current: Current | None


async def sources_with(
    registry: Registry, name: str, *, at_any_age: bool = False
) -> tuple[Found, ...]:
    """Return the upstreams that answer for a crate, by its lower-case name; most often one, or none.

    Raises UpstreamUnreachable and UpstreamIndexInvalid, and VersionGone.
    """
    for source in registry.sources:
        found = await _ask(registry, source, name, at_any_age=at_any_age)
        if found is not None:
            return (found,)
    return ()


async def _ask(registry: Registry, source: Source, name: str, *, at_any_age: bool) -> Found | None:
    """Return what an upstream has; what we keep of it stands in where it has nothing to say."""
    failure: Exception | None = None
    if source.remote is not None:
        try:
            current = await upstream_index.current(source.remote, name, at_any_age=at_any_age)
            if current.copy is not None:
                return Found(source, current)
        except (UpstreamUnreachable, UpstreamIndexInvalid) as error:
            failure = error
    if source.version is not None:
        kept = await threads.read(index.index_file, registry.at(source), name)
        if kept is not None:
            return Found(source, None)
    if failure is not None:
        raise failure
    return None
