"""Which states of the past the URL of a registry can name."""

from datetime import UTC, datetime

import pytest

from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.moments import (
    AtLabel,
    AtNumber,
    AtTime,
    InvalidLabel,
    InvalidMoment,
    parse_label,
    parse_moment,
    published_later,
)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", AtNumber(0)),
        ("42", AtNumber(42)),
        ("999999999", AtNumber(999_999_999)),
        ("2026-11-01T12:00:00Z", AtTime(NOON)),
        ("2026-11-01", AtTime(datetime(2026, 11, 1, 23, 59, 59, 999_999, UTC))),
        ("2024-02-29", AtTime(datetime(2024, 2, 29, 23, 59, 59, 999_999, UTC))),
        ("9999-12-31", AtTime(datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC))),
        ("release-7", AtLabel("release-7")),
        ("v1.0_x", AtLabel("v1.0_x")),
        ("x" * 64, AtLabel("x" * 64)),
    ],
)
def test_state_is_a_number_a_time_or_a_label(text: str, moment: object) -> None:
    """A date is the end of that day in UTC."""
    assert parse_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    [
        "", "042", "-1", "+1", "1.0", "1000000000", " 42", "42 ", "٤٢", "42\n",
        "2026-11-31", "2026-13-01", "2026-1-1", "0000-01-01", "2026-11-01 12:00:00Z",
        "2026-11-01T12:00:00", "2026-11-01T12:00:00+00:00", "2026-11-01T12:00:00.5Z",
        "2026-11-01T24:00:00Z", "2026-11-01T12:00:60Z", "2026-11-01t12:00:00z", "2026-11-01T12:00Z",
        "x" * 65, "7-release", "a b", "ä", "-a", ".a", "a/b", "a\0", "a" * 10_000,
    ],
)  # fmt: skip
def test_anything_else_is_refused_with_the_rule(text: str) -> None:
    """A state has one spelling, since cargo takes the URL of a registry as its identity."""
    with pytest.raises(InvalidMoment, match="it must be the number of a repository version") as no:
        parse_moment(text)
    assert no.value.status == 404


@pytest.mark.parametrize("text", ["", "42", "2026-11-01", "7x", "a b", "x" * 65, "@a"])
def test_label_is_no_number_and_no_time(text: str) -> None:
    """Otherwise its URL would mean something else."""
    with pytest.raises(InvalidLabel, match="a label begins with a letter"):
        parse_label(text)


def line(vers: str, pubtime: str | None) -> UpstreamVersion:
    """A version in an upstream's index."""
    return UpstreamVersion("{}", vers, "ab" * 32, False, pubtime)


def test_versions_published_later_are_left_out() -> None:
    """One of the same second was there; without a time it counts when it was first seen."""
    versions = [
        line("1.0.0", "2026-11-01T12:00:00Z"),
        line("1.1.0", "2026-11-01T12:00:01Z"),
        line("2.0.0", None),
        line("2.1.0", None),
        line("2.2.0", None),
    ]
    seen = {"2.1.0": "2026-11-01T11:59:59.123456+00:00", "2.2.0": "2026-11-02T00:00:00+00:00"}
    assert published_later(versions, seen, NOON) == {"1.1.0", "2.0.0", "2.2.0"}
