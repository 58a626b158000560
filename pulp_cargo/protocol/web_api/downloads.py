"""Download counts per day, in the form of crates.io's API."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from pulp_cargo.protocol.json_body import to_json
from pulp_cargo.protocol.semver import parse_version

# The highest versions of a crate have counts of their own, the others have a common one.
OWN_COUNTS = 5


@dataclass(frozen=True, slots=True)
class DailyCount:
    """How often a version was downloaded on a day."""

    vers: str
    day: date
    downloads: int


def crate_downloads_body(days: Iterable[DailyCount], ids: Mapping[str, int]) -> bytes:
    """Return the response for a crate; `ids` are those of the versions that the registry has.

    >>> crate_downloads_body([DailyCount("1.0.0", date(2026, 1, 31), 3)], {})
    b'{"version_downloads":[],"meta":{"extra_downloads":[{"date":"2026-01-31","downloads":3}]}}'
    """
    own = sorted(ids, key=parse_version, reverse=True)[:OWN_COUNTS]
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
    return to_json({"version_downloads": of_versions, "meta": {"extra_downloads": others}})


def version_downloads_body(days: Iterable[DailyCount], version: int) -> bytes:
    """Return the response for one version, by its id.

    >>> version_downloads_body([DailyCount("1.0.0", date(2026, 1, 31), 3)], 7)
    b'{"version_downloads":[{"version":7,"downloads":3,"date":"2026-01-31"}]}'
    """
    return to_json({"version_downloads": [_row(count, version) for count in days]})


def _row(count: DailyCount, version: int) -> dict[str, object]:
    return {"version": version, "downloads": count.downloads, "date": count.day.isoformat()}
