"""Versions (SemVer 2.0.0) and ranges of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import InvalidVersion
from pulp_cargo.protocol.semver import (
    Version,
    VersionRange,
    is_prerelease,
    is_version,
    order_of,
    parse_version,
)
from pulp_cargo.tests.unit.protocol.properties import QUICK

NUMBERS = st.integers(0, 2**64 - 1)
PARTS = st.one_of(NUMBERS.map(str), st.from_regex(r"[0-9A-Za-z-]*[A-Za-z-]", fullmatch=True))
PRES = st.lists(PARTS, max_size=3).map(".".join)

# The order that §11 of the specification gives, and build metadata as cargo's last tie-break.
ASCENDING = """
0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1
1.0.0 1.0.0+a 1.0.0+b 1.0.1 1.2.0 1.10.0 2.0.0-0 2.0.0
"""
BUILDS = "0 0.1 00 00.0 1 1.a 1.b 01 01.a 001 2 10 a a.1 a.01"


@pytest.mark.parametrize("text", ASCENDING.split())
def test_version_prints_as_it_was_written(text):
    """`vers` in the index is the version as published, build metadata included."""
    assert str(parse_version(text)) == text


def test_versions_sort_by_precedence():
    """SemVer order: pre-releases below releases, numbers below words."""
    versions = [parse_version(text) for text in ASCENDING.split()]
    newest_first = versions[::-1]
    assert sorted(newest_first) == versions


def test_texts_sort_as_the_versions_that_they_are():
    """The quick sort key of a release compares with those of all other versions."""
    newest_first = ASCENDING.split()[::-1]
    assert sorted(newest_first, key=order_of) == ASCENDING.split()


def test_only_a_hyphen_before_build_metadata_makes_a_prerelease():
    """A hyphen may be in the identifiers of build metadata, too."""
    texts = ("1.0.0", "1.0.0-a", "1.0.0-a+b", "1.0.0+a-b")
    assert [is_prerelease(text) for text in texts] == [False, True, True, False]


def test_leading_zeros_of_build_metadata_decide_before_what_follows():
    """Cargo compares the identifiers one after the other: `1` is below `01`, and that below `2`."""
    versions = [parse_version(f"1.0.0+{build}") for build in BUILDS.split()]
    highest_first = versions[::-1]
    assert sorted(highest_first) == versions


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "v1.0.0",
        "01.0.0",
        "1.00.0",
        "1.0.0.0",
        "1.0.0-",
        "1.0.0+",
        "1.0.0-01",
        "1.0.0-a..b",
        " 1.0.0",
        "1.0.0\n",
        "1.0.0-é",
        "1.0.0+a+b",
        "\u0661.0.0",
        "a.b.c",
        "-1.0.0",
        "18446744073709551616.0.0",
        "0.18446744073709551616.0",
        "0.0.18446744073709551616",
        "1.0.0-" + "a" * 145,
    ],
)
def test_text_that_is_not_semver_is_refused(text):
    """`1.0`, `v1.0.0`, `01.0.0`: 400 (73). Over 150 characters: 400 (76)."""
    with pytest.raises(InvalidVersion):
        parse_version(text)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("1.0.0", True),
        ("1.0", False),
        ("1.0.0-" + "a" * 144, True),
        ("1.0.0-" + "a" * 145, False),
        ("18446744073709551615.0.0", True),
        ("18446744073709551616.0.0", False),
    ],
)
def test_text_is_asked_whether_it_is_a_version(text: str, good: bool) -> None:
    """The answer is that of reading it."""
    assert is_version(text) is good


def test_longest_version_is_accepted():
    """150 characters and numbers of 64 bits are still a version."""
    assert parse_version("18446744073709551615.0.0").major == 2**64 - 1
    assert parse_version("1.0.0-" + "a" * 144).is_prerelease


def test_build_metadata_makes_no_other_version():
    """At most one of `1.0.0`, `1.0.0+a`, `1.0.0+b` may ever exist (15, 74)."""
    assert {parse_version(f"1.0.0{build}").without_build for build in ("", "+a", "+b.5")} == {
        "1.0.0"
    }
    assert parse_version("1.0.0-rc.1+a").without_build == "1.0.0-rc.1"


@QUICK
@given(NUMBERS, NUMBERS, NUMBERS, PRES, PRES)
def test_parse_is_the_inverse_of_print(major, minor, patch, pre, build):
    """Printing a version and reading it again gives the same version."""
    version = Version(major, minor, patch, pre, build)
    try:
        assert parse_version(str(version)) == version
    except InvalidVersion as error:
        assert "150 characters" in str(error)


@pytest.mark.parametrize(
    ("low", "high", "inside", "outside"),
    [
        (None, None, "0.0.0-0 1.0.0 9.9.9", ""),
        ("1.0.0", None, "1.0.0 1.0.0+a 1.0.1-rc.1 2.0.0", "0.9.9 1.0.0-rc.1"),
        (None, "2.0.0", "0.0.0-0 1.9.9 2.0.0-rc.1", "2.0.0 2.0.0+a"),
        ("1.0.0", "1.0.0", "", "1.0.0 1.0.0+a"),
    ],
)
def test_range_is_from_its_low_end_to_below_its_high_end(low, high, inside, outside):
    """By precedence: pre-releases lie before their release, build metadata says nothing."""
    versions = VersionRange(low and parse_version(low), high and parse_version(high))
    assert all(parse_version(text) in versions for text in inside.split())
    assert not any(parse_version(text) in versions for text in outside.split())


def test_nothing_lies_between_a_version_and_the_next():
    """The lowest pre-release of the next patch, or one more part of a pre-release."""
    assert str(parse_version("1.2.3").next) == "1.2.4-0"
    assert str(parse_version("1.2.3+b").next) == "1.2.4-0"
    assert str(parse_version("1.2.3-rc.1").next) == "1.2.3-rc.1.0"
