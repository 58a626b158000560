"""Which crates a pattern means [115]."""

import pytest

from pulp_cargo.protocol.errors import InvalidName
from pulp_cargo.rules.patterns import matching, parse_pattern, pattern_matches


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


@pytest.mark.parametrize(
    ("patterns", "narrowest"),
    [
        ([], None),
        (["other", "other-*"], None),
        (["*", "acme*", "acme-*"], "acme-*"),
        (["acme_core", "acme-core*"], "acme_core"),
        (["Acme-Core", "acme_core"], "Acme-Core"),
    ],
)
def test_narrowest_pattern_speaks_for_a_crate(patterns, narrowest):
    """A whole name before any start of names, a longer start before a shorter one."""
    assert matching(patterns, "acme-core") == narrowest
