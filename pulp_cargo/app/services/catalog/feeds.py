"""The news of a registry, from up-to-date catalogs of the repositories that it serves."""

import hashlib
import json
from collections.abc import Callable, Sequence

from pulp_cargo.app.queries.feeds import News
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.catalog.served import answering, refused_versions, served_catalogs
from pulp_cargo.app.services.policies import evaluate

# Changes with what is in a feed for the same repository versions.
FORMAT = 1

Query = Callable[[Sequence[int]], list[News]]


def tag(registry: Registry, path: str) -> str:
    """Return the entity tag of a feed, which is known before the feed is made."""
    versions = [str(one.version) for one in registry.upstreams.all]
    # What policies and the order of upstreams leave out is not in the feed.
    rules = [*evaluate.rules_of_stored(registry.upstreams), repr(registry.upstreams.order)]
    seen = [FORMAT, path, registry.name, registry.urls.root, versions, rules]
    return f'"{hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]}"'


def news(registry: Registry, query: Query) -> list[News]:
    """Return what a query finds in the catalogs; raises CatalogsOutdated."""
    served = served_catalogs(registry)
    found = query(list(dict.fromkeys(one.catalog for one in served)))
    names = {one.canonical_name for one in found}
    answers = answering(registry, served, names)
    refused = refused_versions(registry, served, names)
    return [
        one
        for one in found
        if answers[one.canonical_name] and (one.canonical_name, one.vers) not in refused
    ]
