"""Versions (SemVer 2.0.0) and requirements (Rust's `semver` crate, as cargo uses it)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import InvalidRequirement, InvalidVersion, RegistryError
from pulp_cargo.protocol.semver import Version, normalise_requirement, parse_version
from pulp_cargo.tests.unit.protocol.properties import QUICK

NUMBERS = st.integers(0, 2**64 - 1)
PARTS = st.one_of(NUMBERS.map(str), st.from_regex(r"[0-9A-Za-z-]*[A-Za-z-]", fullmatch=True))
PRES = st.lists(PARTS, max_size=3).map(".".join)

# The order that §11 of the specification gives, and build metadata as cargo's last tie-break.
ASCENDING = """
0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1
1.0.0 1.0.0+a 1.0.0+b 1.0.1 1.2.0 1.10.0 2.0.0-0 2.0.0
"""

MEANINGS = {
    "1": "^1",
    "1.2": "^1.2",
    "1.2.3": "^1.2.3",
    "^1.0.3": "^1.0.3",
    "~1.2": "~1.2",
    "= 0": "=0",
    "=1.0.0-rc.1": "=1.0.0-rc.1",
    "1.0.0-rc.1": "^1.0.0-rc.1",
    ">=1.0,<2.0": ">=1.0, <2.0",
    ">= 0.1, < 0.3": ">=0.1, <0.3",
    " >=  1 ,  <2 ": ">=1, <2",
    "^1.0.18, < 1.0.23": "^1.0.18, <1.0.23",
    "*": "*",
    " x ": "*",
    "X": "*",
    "1.*": "1.*",
    "1.x": "1.*",
    "1.*.*": "1.*",
    "1.2.*": "1.2.*",
    "0.2.X": "0.2.*",
    # Behind an operator a wildcard is no more than a missing number (winapi-util).
    "<=0.61.*": "<=0.61",
    ">=0.48.0, <=0.59.*": ">=0.48.0, <=0.59",
    "=1.*": "=1",
    # Build metadata does not take part in any comparison.
    "=0.17.0+1.8.1": "=0.17.0",
    "1.0.0-a+b": "^1.0.0-a",
    "18446744073709551615": "^18446744073709551615",
}

UNREADABLE = [
    "",
    " ",
    ",",
    "1,",
    ",1",
    "1,,2",
    "a",
    "v1",
    "1.2.3.4",
    "01",
    "1.02",
    "1.",
    ".1",
    "1.2.",
    "-1",
    "*,1",
    "1,*",
    "* 1",
    "**",
    "1.*.3",
    "1 2",
    "1 <2",
    "=>1",
    "> =1",
    "==1",
    "!=1",
    "~>1",
    "^^1",
    "1-rc",
    "1.2-rc",
    "1.*-rc",
    "1.2.3-",
    "1.2.3-01",
    "1.2.3-a..b",
    "1.2.3+",
    "1\t",
    "1\n",
    "\u0661",
    "18446744073709551616",
    "9" * 5000,
    ",".join(["1"] * 33),
]


@pytest.mark.parametrize("text", ASCENDING.split())
def test_version_prints_as_it_was_written(text):
    """`vers` in the index is the version as published, build metadata included."""
    assert str(parse_version(text)) == text


def test_versions_sort_by_precedence():
    """SemVer order: pre-releases below releases, numbers below words."""
    versions = [parse_version(text) for text in ASCENDING.split()]
    newest_first = versions[::-1]
    assert sorted(newest_first) == versions


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
        "1.0.0-" + "a" * 145,
    ],
)
def test_text_that_is_not_semver_is_refused(text):
    """`1.0`, `v1.0.0`, `01.0.0`: 400 (73). Over 150 characters: 400 (76)."""
    with pytest.raises(InvalidVersion):
        parse_version(text)


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


@pytest.mark.parametrize(("text", "printed"), MEANINGS.items())
def test_requirement_is_printed_as_cargo_prints_it(text, printed):
    """The index has requirements parsed and printed: `1` is `^1`."""
    assert normalise_requirement(text) == printed


@pytest.mark.parametrize("text", UNREADABLE)
def test_requirement_that_cargo_cannot_read_is_refused(text):
    """Requirement that does not parse: 400 (89)."""
    with pytest.raises(InvalidRequirement):
        normalise_requirement(text)


def test_most_comparators():
    """The `semver` crate takes 32 comparators and not one more."""
    assert normalise_requirement(",".join([">1"] * 32)).count(",") == 31


@QUICK
@given(st.text(alphabet="0123456789.*xX,<>=~^ -+ab", max_size=20) | st.text())
def test_normalised_requirement_stays_as_it_is(text):
    """Normalising twice changes nothing, and bad text is only ever refused."""
    try:
        once = normalise_requirement(text)
    except RegistryError:
        return
    assert normalise_requirement(once) == once
