"""Keywords, categories and the summary of crates.io's web API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pulp_cargo.protocol.errors import InvalidQuery
from pulp_cargo.protocol.web_api.crates import timestamp
from pulp_cargo.protocol.web_api.search import Parameters, single


class TagSort(StrEnum):
    """The orders of keywords and categories: by name, or by the number of their crates."""

    ALPHABETICAL = "alpha"
    CRATES = "crates"


@dataclass(frozen=True, slots=True)
class Tag:
    """A keyword or category, the number of its crates, and when the first of them was published."""

    text: str
    crates: int
    created_at: datetime | None


def parse_sort(parameters: Parameters) -> TagSort:
    """Parse the order of a list of tags; raises InvalidQuery.

    >>> parse_sort({"sort": ["crates"]})
    <TagSort.CRATES: 'crates'>
    """
    value = single(parameters, "sort") or TagSort.ALPHABETICAL
    try:
        return TagSort(value)
    except ValueError:
        raise InvalidQuery(f"`sort` is {value!r}; it must be `alpha` or `crates`") from None


def keyword_object(tag: Tag) -> Mapping[str, object]:
    """Return the JSON object of a keyword."""
    return {
        "id": tag.text,
        "keyword": tag.text,
        "crates_cnt": tag.crates,
        "created_at": _created(tag),
    }


def category_object(tag: Tag) -> Mapping[str, object]:
    """Return the JSON object of a category; crates.io's titles and descriptions are not known here."""
    return {
        "id": tag.text,
        "slug": tag.text,
        "category": tag.text,
        "description": "",
        "crates_cnt": tag.crates,
        "created_at": _created(tag),
    }


def slug_objects(slugs: Sequence[str]) -> list[Mapping[str, str]]:
    """Return the JSON objects of category slugs."""
    return [{"id": slug, "slug": slug, "description": ""} for slug in slugs]


def _created(tag: Tag) -> str | None:
    return None if tag.created_at is None else timestamp(tag.created_at)
