"""Keywords, categories and the summary of a registry, as crates.io's web API has them."""

from collections.abc import Mapping, Sequence

from pulp_cargo.app.queries import tags as queries
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.tags import Kind
from pulp_cargo.app.services.catalog.find import find
from pulp_cargo.app.services.catalog.served import served_catalogs
from pulp_cargo.protocol.web_api.crates import crate_object
from pulp_cargo.protocol.web_api.search import Paging, SearchQuery, Sort
from pulp_cargo.protocol.web_api.tags import Tag, TagSort, category_object, keyword_object

# Number of entries in each list on crates.io's front page.
ENTRIES = 10


def tags(registry: Registry, kind: Kind, paging: Paging, sort: TagSort) -> tuple[int, list[Tag]]:
    """Return how many keywords or categories a registry has, and a page of them."""
    return queries.tags(kind, _catalogs(registry), paging, sort)


def tags_named(registry: Registry, kind: Kind, texts: Sequence[str]) -> list[Tag]:
    """Return those of some keywords or categories that crates have, in the order of the texts."""
    found = queries.tags_named(kind, _catalogs(registry), texts)
    return [found[text] for text in texts if text in found]


def summary(registry: Registry) -> Mapping[str, object]:
    """Return the totals of a registry, and its newest and most used crates."""
    catalogs = _catalogs(registry)
    crates, downloads = queries.totals(registry.pk, catalogs)
    first = Paging(1, ENTRIES)
    _, keywords = queries.tags("keywords", catalogs, first, TagSort.CRATES)
    _, categories = queries.tags("categories", catalogs, first, TagSort.CRATES)

    def newest(sort: Sort) -> Sequence[Mapping[str, object]]:
        return [crate_object(one) for one in find(registry, SearchQuery("", first, sort))[1]]

    return {
        "num_crates": crates,
        "num_downloads": downloads,
        "new_crates": newest(Sort.NEW),
        "just_updated": newest(Sort.RECENT_UPDATES),
        "most_downloaded": newest(Sort.DOWNLOADS),
        "most_recently_downloaded": newest(Sort.RECENT_DOWNLOADS),
        "popular_keywords": [keyword_object(one) for one in keywords],
        "popular_categories": [category_object(one) for one in categories],
    }


def _catalogs(registry: Registry) -> list[int]:
    return [one.catalog for one in served_catalogs(registry)]
