"""The parameters of a search (crates.io's `GET /api/v1/crates`)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pulp_cargo.protocol.errors import InvalidQuery
from pulp_cargo.protocol.page_number import parse_number

# Maximum length of a text to search for, in characters, and of other parameters.
LONGEST_TEXT = 500
LONGEST_VALUE = 200
MOST_PER_PAGE = 100
MOST_PAGES = 200
MOST_IDS = 100
# Filters of crates.io by owners, whom only users may see, and by what a user follows.
NOT_FILTERS = ("user_id", "team_id", "following")
PER_PAGE = 10


class Sort(StrEnum):
    """The orders that crates.io offers."""

    RELEVANCE = "relevance"
    ALPHABETICAL = "alphabetical"
    DOWNLOADS = "downloads"
    RECENT_DOWNLOADS = "recent-downloads"
    RECENT_UPDATES = "recent-updates"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Paging:
    """A page of results, counted from 1."""

    page: int = 1
    per_page: int = PER_PAGE

    @property
    def offset(self) -> int:
        """The number of results before the page."""
        return (self.page - 1) * self.per_page


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """What is searched for; empty fields do not filter."""

    text: str = ""
    paging: Paging = Paging()
    sort: Sort = Sort.ALPHABETICAL
    keywords: tuple[str, ...] = ()
    category: str = ""
    letter: str = ""
    ids: tuple[str, ...] = ()
    include_yanked: bool = True

    @property
    def is_text_only(self) -> bool:
        """Whether nothing but a text is searched for, by relevance."""
        filters = self.keywords or self.category or self.letter or self.ids
        return bool(self.text) and self.sort is Sort.RELEVANCE and not filters


# The values of each parameter, in the order of the query string.
Parameters = Mapping[str, Sequence[str]]


def parse_search(parameters: Parameters) -> SearchQuery:
    """Parse the parameters of a search; raises InvalidQuery.

    >>> parse_search({"q": ["http"], "per_page": ["5"]}).paging
    Paging(page=1, per_page=5)
    """
    text = single(parameters, "q", longest=LONGEST_TEXT).strip()
    keyword = single(parameters, "keyword")
    every = single(parameters, "all_keywords").split()
    ids = tuple(one for values in (parameters.get("ids[]", ()),) for one in values)
    if len(ids) > MOST_IDS:
        raise InvalidQuery(f"`ids[]` occurs {len(ids)} times in the query; the limit is {MOST_IDS}")
    for one in ids:
        _require_text("ids[]", one, LONGEST_VALUE)
    for name in NOT_FILTERS:
        if single(parameters, name):
            raise InvalidQuery(f"a search of this registry cannot be limited by `{name}`")
    return SearchQuery(
        text=text,
        paging=parse_paging(parameters),
        sort=_sort(single(parameters, "sort"), text),
        keywords=tuple(one.lower() for one in ([keyword] if keyword else []) + every),
        category=single(parameters, "category").lower(),
        letter=single(parameters, "letter")[:1],
        ids=ids,
        include_yanked=single(parameters, "include_yanked") in ("", "yes", "true", "1"),
    )


def parse_paging(parameters: Parameters) -> Paging:
    """Parse `page` and `per_page`; raises InvalidQuery.

    >>> parse_paging({"page": ["2"]}).offset
    10
    """
    seek = single(parameters, "seek")
    if "seek" in parameters and "page" in parameters:
        raise InvalidQuery("the query has both `page` and `seek`: send only `page`")
    # The first page by `seek` has an empty one; the others come from crates.io's `next_page`.
    if seek:
        raise InvalidQuery(f"`seek` is {seek!r}, which no page of this registry has: send `page`")
    return Paging(
        _number(parameters, "page", default=1, most=MOST_PAGES),
        _number(parameters, "per_page", default=PER_PAGE, most=MOST_PER_PAGE),
    )


def single(parameters: Parameters, name: str, *, longest: int = LONGEST_VALUE) -> str:
    """Return the last value of a parameter, empty without one; raises InvalidQuery."""
    values = parameters.get(name) or [""]
    _require_text(name, values[-1], longest)
    return values[-1]


def _require_text(name: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise InvalidQuery(f"`{name}` has {len(value)} characters; the limit is {longest}")
    if "\0" in value:
        raise InvalidQuery(f"`{name}` has a NUL character")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidQuery(f"`{name}` is not UTF-8")


def _number(parameters: Parameters, name: str, *, default: int, most: int) -> int:
    value = single(parameters, name)
    if value == "":
        return default
    number = parse_number(value, most)
    if number is None:
        raise InvalidQuery(f"`{name}` is {value!r}; it must be a number from 1 to {most}")
    return number


def _sort(value: str, text: str) -> Sort:
    if value == "":
        return Sort.RELEVANCE if text else Sort.ALPHABETICAL
    try:
        return Sort(value)
    except ValueError:
        raise InvalidQuery(
            f"`sort` is {value!r}; it must be one of {', '.join(f'`{one}`' for one in Sort)}"
        ) from None
