"""The news of a registry, from up-to-date catalogs of the repositories that it serves."""

import hashlib
import json
from collections.abc import Callable, Sequence

from pulp_cargo.app.queries.catalog import Content
from pulp_cargo.app.queries.feeds import News
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.services.catalog.refresh import catalog_of
from pulp_cargo.app.services.catalog.served import answering, refused_versions, served_catalogs

# Changes with what is in a feed for the same repository versions.
FORMAT = 1

Query = Callable[[Sequence[int]], list[News]]


def contents_of(registry: Registry) -> list[Content]:
    """Return the repository versions that a registry serves, those of earlier upstreams first."""
    served = registry.upstreams.all
    contents = [
        Content(one.repository, one.version, registry.pinned)
        for one in served
        if one.repository is not None and one.version is not None
    ]
    return list(dict.fromkeys(contents))


def tag(registry: Registry, path: str) -> str:
    """Return the entity tag of a feed, which is known before the feed is made."""
    versions = [str(content.version) for content in contents_of(registry)]
    seen = [FORMAT, path, registry.name, registry.urls.root, versions]
    return f'"{hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]}"'


def news(registry: Registry, query: Query) -> list[News]:
    """Return what a query finds in the catalogs; raises VersionGone."""
    try:
        catalogs = [catalog_of(content) for content in contents_of(registry)]
        served = served_catalogs(registry)
    except LookupError as error:
        raise VersionGone from error
    found = query(catalogs)
    names = {one.canonical_name for one in found}
    answers = answering(registry, served, names)
    refused = refused_versions(registry, served, names)
    return [
        one
        for one in found
        if answers[one.canonical_name] and (one.canonical_name, one.vers) not in refused
    ]
