"""A registry as it was: what the part `@42` of a URL below it means."""

from dataclasses import replace
from uuid import UUID

from pulp_cargo.app.models.distribution import root_url
from pulp_cargo.app.queries.registry.own_urls import urls_at
from pulp_cargo.app.queries.registry.registry import Past, Registry, RegistryUpstreams
from pulp_cargo.app.queries.repository.moments import require_past, version_at
from pulp_cargo.app.queries.upstreams.upstreams import (
    RemoteUpstream,
    RepositoryUpstream,
    Upstream,
)
from pulp_cargo.protocol.errors import NotFound
from pulp_cargo.rules.moments import AtLabel, AtTime, Moment


def past_registry(registry: Registry, text: str, moment: Moment) -> Registry:
    """Return a registry in a state of its past, as a read-only registry with a URL of its own.

    A number and a label mean a version of its own repository, which is served without its upstream.
    At a time, its upstreams serve what they had by then. One that is pinned has no other state: its
    readers may not see what else is in the repository. One that follows another Pulp has the labelled
    versions, which readers see there. Raises NotFound and Gone.
    """
    if registry.pinned and not (registry.follows and isinstance(moment, AtLabel)):
        raise NotFound(
            f"the registry `{registry.name}` serves one fixed repository version, and no other state"
        )
    upstreams = _upstreams(registry, moment)
    domain, path = registry.domain.name, f"{registry.base_path}/@{text}"
    return replace(
        registry,
        name=f"{registry.name}@{text}",
        urls=replace(
            registry.urls,
            root=root_url(domain, path),
            own=(*registry.urls.own, *urls_at(domain, [path])),
        ),
        upstreams=upstreams,
        pinned=True,
        follows=False,
        allow_uploads=False,
        past=Past(text, has_catalog=isinstance(moment, AtLabel)),
    )


def _upstreams(registry: Registry, moment: Moment) -> RegistryUpstreams:
    now = registry.upstreams
    if isinstance(moment, AtTime) and now.listed:
        require_past(moment.until)
        listed = tuple(_at_time(one, moment) for one in now.listed)
        return replace(now, listed=listed, until=moment.until)
    if now.order is not None:
        # Each repository has numbers of its own, and the list decides which crates are served of it.
        raise NotFound(
            f"the registry `{registry.name}` is a list of upstreams, so it has no versions; its state"
            " at a time can be named, such as `@2026-11-01`"
        )
    stores = {one.repository for one in now.listed} or {now.own.repository}
    if now.own.repository is None or now.own.repository not in stores:
        raise NotFound(
            f"the registry `{registry.name}` serves no repository of its own, so it has no versions"
        )
    own = _of(now.own, moment, now.own.repository)
    return replace(now, own=own, listed=())


def _at_time(upstream: Upstream, moment: AtTime) -> Upstream:
    """Return an upstream as it was; the index of a remote is cut where it is read."""
    if isinstance(upstream, RemoteUpstream) or upstream.repository is None:
        return upstream
    return _of(upstream, moment, upstream.repository)


def _of(upstream: RepositoryUpstream, moment: Moment, repository: UUID) -> RepositoryUpstream:
    found = version_at(repository, moment)
    return replace(upstream, version=found.pk, number=found.number)
