"""What a token is good for (checklist 115)."""

from datetime import UTC, datetime, timedelta

import pytest

from pulp_cargo.protocol.errors import InvalidName
from pulp_cargo.rules.scopes import Scope, is_expired, parse_pattern, pattern_matches

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_scopes_have_the_words_of_crates_io():
    """publish-new, publish-update, yank, change-owners, and `read` for private registries."""
    assert [str(scope) for scope in Scope] == [
        "read",
        "publish-new",
        "publish-update",
        "yank",
        "change-owners",
    ]


@pytest.mark.parametrize("pattern", ["*", "serde", "acme-*", "acme*", "a"])
def test_legal_pattern(pattern):
    """Exact name, prefix with one trailing `*`, or `*`."""
    assert parse_pattern(pattern) == pattern


@pytest.mark.parametrize("pattern", ["", "**", "a**", "*a", "a*b", "a b", "1*", "-*", "ü*", "a\n"])
def test_illegal_pattern_is_refused(pattern):
    """A star anywhere else, or what no crate name starts with."""
    with pytest.raises(InvalidName, match="crate pattern"):
        parse_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "name", "good"),
    [
        ("*", "anything", True),
        ("serde", "serde", True),
        ("serde", "Serde", True),
        ("serde", "serde_json", False),
        ("serde-json", "serde_json", True),
        ("acme-*", "acme_core", True),
        ("acme-*", "acme", False),
        ("acme*", "acme", True),
        ("acme*", "notacme", False),
    ],
)
def test_pattern_is_compared_canonically(pattern, name, good):
    """Names are unique canonically, so are the crates that a pattern names."""
    assert pattern_matches(pattern, name) is good


def test_token_ends_with_its_date():
    """At the very moment the token is over; without a date it never is."""
    assert not is_expired(None, NOW)
    assert is_expired(NOW, NOW)
    assert is_expired(NOW - timedelta(seconds=1), NOW)
    assert not is_expired(NOW + timedelta(seconds=1), NOW)
