"""`Retry-After` of other servers (RFC 9110, 10.2.3)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.http_age import parse_retry_after
from pulp_cargo.tests.unit.protocol.properties import QUICK

NOW = datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("0", 0),
        ("5", 5),
        (" 5 ", 5),
        ("3600", 3600),
        ("3601", 3600),
        ("999999999", 3600),
        ("Fri, 02 Jan 2026 03:04:05 GMT", 5),
        ("Friday, 02-Jan-26 03:04:05 GMT", 5),
        ("Fri Jan  2 03:04:05 2026", 5),
        ("Fri, 02 Jan 2026 03:04:05 -0000", 5),
        ("Fri, 02 Jan 2026 03:03:00 GMT", 0),
        ("Thu, 02 Jan 2099 03:04:05 GMT", 3600),
    ],
)
def test_seconds_or_a_date(header, seconds):
    """Never below zero, and never longer than we are willing to wait."""
    assert parse_retry_after(header, now=NOW, most=3600) == seconds


@pytest.mark.parametrize(
    "header",
    [None, "", "soon", "-5", "1.5", "1e3", "٣", "9" * 5000, "Fri, 99 Jan 2026 03:04:05 GMT"],
)
def test_what_is_neither_says_nothing(header):
    """The caller then waits as long as it thinks right."""
    assert parse_retry_after(header, now=NOW, most=3600) is None


@QUICK
@given(st.text())
def test_any_text_is_a_time_or_none(text):
    """Nothing is raised, whatever the other server sends."""
    seconds = parse_retry_after(text, now=NOW, most=10)
    assert seconds is None or 0 <= seconds <= 10
