"""Which versions a requirement means: to cargo, and to a rule about versions."""

import pytest

from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.protocol.semver import parse_version

# What the documentation of the crate's `Op` says, with the edges of each range.
MATCHES = {
    "=1.2.3": ("1.2.3 1.2.3+b", "1.2.2 1.2.4 1.2.3-rc.1 2.2.3"),
    "=1.2.3+b": ("1.2.3 1.2.3+c", "1.2.4"),
    "=1.2": ("1.2.0 1.2.9", "1.1.9 1.3.0 1.2.0-rc.1 1.2.1-rc.1"),
    "=1": ("1.0.0 1.9.9", "0.9.9 2.0.0"),
    ">1.2.3": ("1.2.4 1.3.0 2.0.0", "1.2.3 1.2.3+b 1.2.2 1.2.4-rc.1"),
    ">1.2": ("1.3.0 2.0.0", "1.2.9 1.1.0"),
    ">1": ("2.0.0", "1.9.9"),
    ">=1.2.3": ("1.2.3 1.2.4 2.0.0", "1.2.2 1.2.3-rc.1 1.2.4-rc.1"),
    ">=1.2": ("1.2.0 1.3.0", "1.1.9"),
    ">=1": ("1.0.0 2.0.0", "0.9.9"),
    "<1.2.3": ("1.2.2 0.1.0", "1.2.3 1.2.4 1.2.3-rc.1 1.2.2-rc.1"),
    "<1.2": ("1.1.9 0.1.0", "1.2.0"),
    "<1": ("0.9.9", "1.0.0"),
    "<=1.2.3": ("1.2.3 1.2.3+b 1.2.2", "1.2.4"),
    "<=1.2": ("1.2.9 1.1.0", "1.3.0"),
    "<=1": ("1.9.9 0.1.0", "2.0.0"),
    "~1.2.3": ("1.2.3 1.2.9", "1.2.2 1.3.0 2.2.3"),
    "~1.2": ("1.2.0 1.2.9", "1.1.9 1.3.0"),
    "~1": ("1.0.0 1.9.9", "0.9.9 2.0.0"),
    "~0.0.3": ("0.0.3 0.0.9", "0.0.2 0.1.0"),
    "^1.2.3": ("1.2.3 1.2.4 1.9.0", "1.2.2 2.0.0 1.2.3-rc.1 1.3.0-rc.1"),
    "^0.2.3": ("0.2.3 0.2.9", "0.2.2 0.3.0 1.0.0"),
    "^0.0.3": ("0.0.3", "0.0.2 0.0.4 0.1.0"),
    "^1.2": ("1.2.0 1.9.9", "1.1.9 2.0.0"),
    "^0.2": ("0.2.0 0.2.9", "0.1.9 0.3.0"),
    "^0.0": ("0.0.0 0.0.9", "0.1.0"),
    "^1": ("1.0.0 1.9.9", "0.9.9 2.0.0"),
    "^0": ("0.0.0 0.9.9", "1.0.0"),
    "1.2.3": ("1.2.3 1.9.0", "1.2.2 2.0.0"),
    "1.2.*": ("1.2.0 1.2.9", "1.1.9 1.3.0 1.2.1-rc.1"),
    "1.*": ("1.0.0 1.9.9", "0.9.9 2.0.0"),
    "*": ("0.0.0 1.0.0 9.9.9", "1.0.0-rc.1"),
    ">=1, <2": ("1.0.0 1.9.9", "0.9.9 2.0.0"),
    ">1.0.0, <=1.2": ("1.0.1 1.2.9", "1.0.0 1.3.0"),
    # A pre-release only where one of the same three numbers is named.
    "=1.2.3-rc.1": ("1.2.3-rc.1 1.2.3-rc.1+b", "1.2.3 1.2.3-rc.2"),
    "^1.2.3-rc.2": ("1.2.3-rc.2 1.2.3-rc.10 1.2.3 1.9.0", "1.2.3-rc.1 1.2.4-rc.2 2.0.0"),
    "~1.2.3-rc.2": ("1.2.3-rc.2 1.2.3 1.2.4", "1.2.3-beta 1.2.4-rc.2 1.3.0"),
    ">1.2.3-rc.1": ("1.2.3-rc.2 1.2.3 2.0.0", "1.2.3-rc.1 1.2.4-rc.1"),
    ">=1.2.3-rc.1": ("1.2.3-rc.1 1.2.3 2.0.0", "1.2.3-beta 2.0.0-rc.1"),
    "<1.2.3-rc.2": ("1.2.3-rc.1 1.2.2", "1.2.3-rc.2 1.2.3 1.2.2-rc.1"),
    "<=1.2.3-rc.2": ("1.2.3-rc.2 1.2.3-rc.1 1.2.2", "1.2.3-rc.3 1.2.3"),
    "^0.0.3-rc.1": ("0.0.3-rc.1 0.0.3", "0.0.4"),
    ">=1.2.3-rc.1, <1.3": ("1.2.3-rc.1 1.2.9", "1.2.4-rc.1 1.3.0"),
    "=1.2, >=1.2.3-rc.1": ("1.2.3 1.2.9", "1.2.3-rc.1"),
    "^1.2, >=1.2.3-rc.1": ("1.2.3-rc.1 1.2.3 1.9.9", "1.2.2 1.2.4-rc.1 2.0.0"),
}

# The same requirements as ranges of everything that there is, pre-releases included.
RANGES = {
    "*": ("0.0.0-0 1.0.0-rc.1 9.9.9", ""),
    "=1.2.3": ("1.2.3 1.2.3+b", "1.2.3-rc.1 1.2.4-0"),
    "=1.2.3-rc.1": ("1.2.3-rc.1", "1.2.3-rc.1.0 1.2.3-rc.0 1.2.3"),
    "=1.2": ("1.2.0-0 1.2.0 1.2.9-rc.1", "1.1.9 1.3.0-0"),
    "1.*": ("1.0.0-0 1.9.9", "0.9.9 2.0.0-0"),
    ">1.2.3": ("1.2.4-0 2.0.0-rc.1", "1.2.3 1.2.3+b"),
    ">1.2": ("1.3.0-0 1.3.0", "1.2.9"),
    ">=1.2": ("1.2.0 1.3.0-rc.1", "1.2.0-rc.1"),
    "<1.2": ("1.2.0-rc.1 1.1.9", "1.2.0"),
    "<=1.2.3": ("1.2.3 1.2.3+b 1.2.3-rc.1", "1.2.4-0"),
    "<=1.2": ("1.2.9 1.2.9-rc.1", "1.3.0-0"),
    "~1.2.3": ("1.2.3 1.2.9-rc.1", "1.2.3-rc.1 1.3.0-0"),
    "~1": ("1.0.0 1.9.9-rc.1", "1.0.0-rc.1 2.0.0-0"),
    "^1.2": ("1.2.0 1.3.0-rc.1", "1.2.0-rc.1 2.0.0-0"),
    "^0.2.3": ("0.2.3 0.2.4-rc.1", "0.2.3-rc.1 0.3.0-0"),
    "^0.0.3": ("0.0.3", "0.0.4-0"),
    "^0.0": ("0.0.0 0.0.9-rc.1", "0.1.0-0"),
    "^0": ("0.0.0 0.9.0-rc.1", "1.0.0-0"),
    ">=1, <2": ("1.0.0 1.5.0-rc.1 2.0.0-rc.1", "1.0.0-rc.1 2.0.0"),
    "<1, >2": ("", "0.1.0 1.5.0 3.0.0"),
}


@pytest.mark.parametrize(("text", "good", "bad"), [(text, *m) for text, m in MATCHES.items()])
def test_versions_that_cargo_would_choose(text, good, bad):
    """`Op` of the `semver` crate: exact, greater, less, tilde, caret, wildcard, pre-releases."""
    requirement = parse_requirement(text)
    assert [v for v in good.split() if not requirement.matches(parse_version(v))] == []
    assert [v for v in bad.split() if requirement.matches(parse_version(v))] == []


@pytest.mark.parametrize(("text", "good", "bad"), [(text, *r) for text, r in RANGES.items()])
def test_versions_that_a_rule_means(text, good, bad):
    """A rule that holds for `*` or for `>=1.2` holds for the pre-releases there, too."""
    versions = parse_requirement(text).range()
    assert [v for v in good.split() if parse_version(v) not in versions] == []
    assert [v for v in bad.split() if parse_version(v) in versions] == []


@pytest.mark.parametrize("text", MATCHES)
def test_a_release_is_in_the_range_when_it_matches(text):
    """The two readings of a requirement differ in pre-releases only."""
    requirement = parse_requirement(text)
    for major, minor, patch in [(a, b, c) for a in range(3) for b in range(4) for c in range(5)]:
        version = parse_version(f"{major}.{minor}.{patch}")
        assert requirement.matches(version) is (version in requirement.range())
