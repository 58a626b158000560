"""Download counts per day, in the form of crates.io's API."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pulp_cargo.protocol.errors import InvalidQuery
from pulp_cargo.protocol.json_body import to_json
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.web_api.search import Parameters, single

# The highest versions of a crate have counts of their own, the others have a common one.
OWN_COUNTS = 5
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class DailyCount:
    """How often a version was downloaded on a day."""

    vers: str
    day: date
    downloads: int


def with_own_counts(versions: Iterable[str]) -> list[str]:
    """Return the versions whose counts are listed one by one: the highest."""
    return sorted(versions, key=parse_version, reverse=True)[:OWN_COUNTS]


def crate_downloads_body(
    days: Iterable[DailyCount],
    ids: Mapping[str, int],
    versions: Sequence[Mapping[str, object]] | None = None,
) -> bytes:
    """Return the response for a crate; `ids` are those of the versions that the registry has.

    `versions` are the objects of those `with_own_counts`, if they were asked for.

    >>> crate_downloads_body([DailyCount("1.0.0", date(2026, 1, 31), 3)], {})
    b'{"version_downloads":[],"meta":{"extra_downloads":[{"date":"2026-01-31","downloads":3}]}}'
    """
    own = with_own_counts(ids)
    of_versions, extra = [], Counter[date]()
    for count in days:
        if count.vers in own:
            of_versions.append(_row(count, ids[count.vers]))
        else:
            extra[count.day] += count.downloads
    others = [
        {"date": day.isoformat(), "downloads": downloads}
        for day, downloads in sorted(extra.items())
    ]
    shown = {} if versions is None else {"versions": versions}
    return to_json({"version_downloads": of_versions, **shown, "meta": {"extra_downloads": others}})


def parse_before_date(parameters: Parameters) -> date | None:
    """Return the last day to show, None without one; raises InvalidQuery.

    >>> parse_before_date({"before_date": ["2030-01-31"]})
    datetime.date(2030, 1, 31)
    """
    value = single(parameters, "before_date")
    if not value:
        return None
    try:
        if _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise InvalidQuery(f"`before_date` is {value!r}; it must be a date such as `2030-01-31`")


def version_downloads_body(days: Iterable[DailyCount], version: int) -> bytes:
    """Return the response for one version, by its id.

    >>> version_downloads_body([DailyCount("1.0.0", date(2026, 1, 31), 3)], 7)
    b'{"version_downloads":[{"version":7,"downloads":3,"date":"2026-01-31"}]}'
    """
    return to_json({"version_downloads": [_row(count, version) for count in days]})


def _row(count: DailyCount, version: int) -> dict[str, object]:
    return {"version": version, "downloads": count.downloads, "date": count.day.isoformat()}
