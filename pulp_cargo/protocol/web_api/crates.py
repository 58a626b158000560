"""The crate object of crates.io's web API, and the answer to a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from pulp_cargo.protocol.json_body import to_json
from pulp_cargo.protocol.web_api.search import MOST_PAGES, Paging, Parameters

# On crates.io the highest version of a crate whose versions are all yanked.
NO_VERSION = "0.0.0"


@dataclass(frozen=True, slots=True)
class CrateObject:
    """What crates.io tells about a crate; `versions` are ids, None where they are not listed.

    Of a crate that only an upstream has, numbers and times are None if it did not send them.
    """

    name: str
    max_version: str
    max_stable_version: str
    newest_version: str
    default_version: str
    num_versions: int | None
    yanked: bool
    created_at: datetime | None
    updated_at: datetime | None
    description: str | None
    keywords: Sequence[str]
    categories: Sequence[str]
    homepage: str | None = None
    documentation: str | None = None
    repository: str | None = None
    downloads: int = 0
    recent_downloads: int = 0
    versions: Sequence[int] | None = None
    exact_match: bool = False
    # Beyond crates.io: whether it is from a private repository, the upstream that has it, and whether
    # it is stored here, or found by the upstream's own search.
    private: bool = False
    upstream: str | None = None
    stored: bool = True


def crate_object(crate: CrateObject) -> Mapping[str, object]:
    """Return the JSON object of a crate.

    Besides crates.io's keys it has `private`, `upstream` and `stored`, for registries with upstreams.
    """
    path = f"/api/v1/crates/{quote(crate.name)}"
    return {
        "id": crate.name,
        "name": crate.name,
        "description": crate.description,
        "homepage": crate.homepage,
        "documentation": crate.documentation,
        "repository": crate.repository,
        "created_at": crate.created_at and timestamp(crate.created_at),
        "updated_at": crate.updated_at and timestamp(crate.updated_at),
        "downloads": crate.downloads,
        "recent_downloads": crate.recent_downloads,
        "max_version": crate.max_version or NO_VERSION,
        "max_stable_version": crate.max_stable_version or None,
        "newest_version": crate.newest_version,
        "default_version": crate.default_version,
        "num_versions": crate.num_versions,
        "yanked": crate.yanked,
        "versions": None if crate.versions is None else list(crate.versions),
        "keywords": list(crate.keywords),
        "categories": list(crate.categories),
        "badges": [],
        "exact_match": crate.exact_match,
        "trustpub_only": False,
        "private": crate.private,
        "upstream": crate.upstream,
        "stored": crate.stored,
        "links": {
            "version_downloads": f"{path}/downloads",
            "versions": f"{path}/versions",
            "owners": f"{path}/owners",
            "owner_team": f"{path}/owner_team",
            "owner_user": f"{path}/owner_user",
            "reverse_dependencies": f"{path}/reverse_dependencies",
        },
    }


def search_body(
    crates: Sequence[CrateObject], total: int, paging: Paging, parameters: Parameters
) -> bytes:
    """Return the answer to a search; cargo reads names, versions, descriptions and the total."""
    meta: dict[str, object] = {"total": total}
    meta |= neighbours(total, paging, parameters)
    return to_json({"crates": [crate_object(crate) for crate in crates], "meta": meta})


def neighbours(total: int, paging: Paging, parameters: Parameters) -> Mapping[str, str | None]:
    """Return the query strings of the next and the previous page, None where there is none.

    >>> neighbours(11, Paging(1, 10), {"q": ["a b"]})
    {'next_page': '?q=a+b&page=2', 'prev_page': None}
    >>> neighbours(9_999, Paging(MOST_PAGES, 10), {})["next_page"]
    """
    rest = [
        (name, value) for name, values in parameters.items() for value in values if name != "page"
    ]

    def link(page: int) -> str:
        return "?" + urlencode([*rest, ("page", page)])

    has_next = paging.offset + paging.per_page < total and paging.page < MOST_PAGES
    return {
        "next_page": link(paging.page + 1) if has_next else None,
        "prev_page": link(paging.page - 1) if paging.page > 1 else None,
    }


def timestamp(moment: datetime) -> str:
    """Return a time as crates.io writes it (RFC 3339, UTC, microseconds).

    >>> timestamp(datetime(2026, 1, 2, 3, 4, 5, 6, UTC))
    '2026-01-02T03:04:05.000006Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"
