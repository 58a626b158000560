"""Keywords, categories and the summary of a registry, as crates.io's web API has them.

What they cost does not depend on the number of crates: catalogs count what they have, and lists
have their order from an index.
"""

from collections.abc import Mapping, Sequence

from pulp_cargo.app.queries import search as crates
from pulp_cargo.app.queries import tags as queries
from pulp_cargo.app.queries.downloads import MOST_USED, Usage
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.search import Hit
from pulp_cargo.app.queries.tags import Kind
from pulp_cargo.app.services.catalog.find import answered, objects_of
from pulp_cargo.app.services.catalog.served import ServedCatalog, served_catalogs
from pulp_cargo.protocol.web_api.crates import CrateObject, crate_object
from pulp_cargo.protocol.web_api.search import Paging, SearchQuery, Sort
from pulp_cargo.protocol.web_api.tags import Tag, TagSort, category_object, keyword_object

# Number of entries in each list on crates.io's front page.
ENTRIES = 10
# With upstreams, so many crates are looked at for a list, since another may answer for some.
LOOKED_AT = 100


def tags(registry: Registry, kind: Kind, paging: Paging, sort: TagSort) -> tuple[int, list[Tag]]:
    """Return how many keywords or categories a registry has, and a page of them."""
    return queries.tags(kind, _ids(served_catalogs(registry)), paging, sort)


def tags_named(registry: Registry, kind: Kind, texts: Sequence[str]) -> list[Tag]:
    """Return those of some keywords or categories that crates have, in the order of the texts."""
    found = queries.tags_named(kind, _ids(served_catalogs(registry)), texts)
    return [found[text] for text in texts if text in found]


def summary(registry: Registry, usage: Usage) -> Mapping[str, object]:
    """Return the totals of a registry, and its newest and most used crates."""
    served = served_catalogs(registry)
    catalogs, first = _ids(served), Paging(1, ENTRIES)
    _, keywords = queries.tags("keywords", catalogs, first, TagSort.CRATES)
    _, categories = queries.tags("categories", catalogs, first, TagSort.CRATES)

    def shown(hits: list[Hit]) -> Sequence[Mapping[str, object]]:
        chosen = answered(registry, served, hits)[:ENTRIES]
        return [crate_object(one) for one in objects_of(registry, served, SearchQuery(), chosen)]

    return {
        "num_crates": crates.size_of(catalogs),
        "num_downloads": usage.downloads,
        "new_crates": shown(_listed(registry, catalogs, Sort.NEW)),
        "just_updated": shown(_listed(registry, catalogs, Sort.RECENT_UPDATES)),
        "most_downloaded": shown(_used(registry, catalogs, usage.most)),
        "most_recently_downloaded": shown(_used(registry, catalogs, usage.recently)),
        "popular_keywords": [keyword_object(one) for one in keywords],
        "popular_categories": [category_object(one) for one in categories],
    }


def used(registry: Registry, names: Sequence[str]) -> list[CrateObject]:
    """Return the crates of these canonical names that a registry serves, at most `ENTRIES`."""
    served = served_catalogs(registry)
    hits = answered(registry, served, crates.hits_named(_ids(served), names))
    return objects_of(registry, served, SearchQuery(), hits[:ENTRIES])


def _listed(registry: Registry, catalogs: Sequence[int], sort: Sort) -> list[Hit]:
    most = ENTRIES if registry.upstreams.order is None else LOOKED_AT
    query = SearchQuery(sort=sort)
    return crates.search(registry.pk, catalogs, query, limit=most, offset=0)[1]


def _used(registry: Registry, catalogs: Sequence[int], names: Sequence[str]) -> list[Hit]:
    """Return the crates of these names, and if they are few, others that nobody has downloaded."""
    used = crates.hits_named(catalogs, names)
    if len(names) == MOST_USED:
        return used
    known, query, most = set(names), SearchQuery(sort=Sort.ALPHABETICAL), LOOKED_AT + len(names)
    _, others = crates.search(registry.pk, catalogs, query, limit=most, offset=0)
    return [*used, *(one for one in others if one.canonical_name not in known)]


def _ids(served: Sequence[ServedCatalog]) -> list[int]:
    return [one.catalog for one in served]
