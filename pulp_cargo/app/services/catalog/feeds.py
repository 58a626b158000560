"""The news of a registry, from up-to-date catalogs of the repositories that it serves."""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from pulp_cargo.app.queries.feeds import LeftOut, News
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.catalog.served import answering, refused_of, served_catalogs
from pulp_cargo.app.services.policies import evaluate

# Changes with what is in a feed for the same repository versions.
FORMAT = 1

Query = Callable[[Sequence[int], LeftOut], list[News]]


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
    by_catalog = {one.catalog: one for one in served}

    def left_out(catalog: int, names: Sequence[str]) -> Collection[UUID]:
        return refused_of(registry, by_catalog[catalog], names)

    found = query(list(dict.fromkeys(one.catalog for one in served)), left_out)
    answers = answering(registry, served, {one.canonical_name for one in found})
    return [one for one in found if answers[one.canonical_name]]
