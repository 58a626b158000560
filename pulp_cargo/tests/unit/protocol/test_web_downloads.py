"""Download counts in the form of crates.io's API."""

import json
from datetime import date
from uuid import UUID

from pulp_cargo.protocol.web_api.downloads import (
    DailyCount,
    crate_downloads_body,
    version_downloads_body,
)
from pulp_cargo.protocol.web_api.ids import numeric_id

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


def test_highest_five_versions_have_counts_of_their_own() -> None:
    """By SemVer, not by time or text; the others are summed up by day."""
    versions = ["1.10.0", "1.9.0", "1.9.0-rc.1", "1.2.0", "1.1.0", "1.0.0", "0.9.0"]
    ids = {vers: number for number, vers in enumerate(versions)}
    days = [
        DailyCount("0.9.0", MONDAY, 1),
        DailyCount("1.0.0", MONDAY, 10),
        DailyCount("1.10.0", MONDAY, 100),
        DailyCount("1.1.0", TUESDAY, 1000),
        DailyCount("1.0.0", TUESDAY, 5),
    ]
    assert json.loads(crate_downloads_body(days, ids)) == {
        "version_downloads": [
            {"version": 0, "downloads": 100, "date": "2026-03-02"},
            {"version": 4, "downloads": 1000, "date": "2026-03-03"},
        ],
        "meta": {
            "extra_downloads": [
                {"date": "2026-03-02", "downloads": 11},
                {"date": "2026-03-03", "downloads": 5},
            ]
        },
    }


def test_versions_that_are_gone_are_among_the_others() -> None:
    """They have no id any more."""
    days = [DailyCount("1.0.0", MONDAY, 2), DailyCount("2.0.0", MONDAY, 3)]
    assert json.loads(crate_downloads_body(days, {"1.0.0": 7})) == {
        "version_downloads": [{"version": 7, "downloads": 2, "date": "2026-03-02"}],
        "meta": {"extra_downloads": [{"date": "2026-03-02", "downloads": 3}]},
    }


def test_version_without_downloads() -> None:
    """The list is empty."""
    assert version_downloads_body([], 7) == b'{"version_downloads":[]}'


def test_ids_are_exact_in_javascript() -> None:
    """It has no integers beyond 53 bits."""
    assert numeric_id(UUID(int=2**128 - 1)) == 2**53 - 1 == 9007199254740991
    assert numeric_id(UUID(int=0)) == 0


def test_units_of_the_same_time_have_different_ids() -> None:
    """The first bits of a UUID of version 7 are its time."""
    one = UUID("0190a4c4-3a00-7b2e-8f33-0123456789ab")
    other = UUID("0190a4c4-3a00-7b2e-8f33-0123456789ac")
    assert numeric_id(one) != numeric_id(other)
