"""Versions are read and ordered as Rust's `semver` crate reads and orders them."""

from itertools import pairwise, product

import pytest
from hypothesis import given

from pulp_cargo.protocol.errors import InvalidVersion
from pulp_cargo.protocol.semver import MAX_VERSION_LENGTH, Version, is_version, parse_version
from pulp_cargo.tests.functional.oracles.inputs import (
    BATCHES,
    BUILD_PARTS,
    batches,
    odd_versions,
    versions,
)
from pulp_cargo.tests.support.oracle import Oracle

pytestmark = pytest.mark.cargo

ODD = [
    "",
    " ",
    "1",
    "1.2",
    "1.2.",
    "1.2.3.",
    "1.2.3.4",
    "1..3",
    ".1.2",
    "v1.2.3",
    "=1.2.3",
    "1.2.x",
    "1.2.*",
    " 1.2.3",
    "1.2.3 ",
    "1.2.3\n",
    "1.2.3\0",
    "\ufeff1.2.3",
    "01.2.3",
    "1.02.3",
    "1.2.03",
    "1.2.3-",
    "1.2.3+",
    "1.2.3-+",
    "1.2.3-+b",
    "1.2.3-.",
    "1.2.3-a.",
    "1.2.3-.a",
    "1.2.3-a..b",
    "1.2.3-01",
    "1.2.3-01a",
    "1.2.3-0-1",
    "1.2.3--",
    "1.2.3---.--",
    "1.2.3+-",
    "1.2.3+01.001",
    "1.2.3+a+b",
    "1.2.3+a-b",
    "1.2.3-a+b-c.d",
    "1.2.3-" + "9" * 100,
    "1.2.3+" + "0" * 100,
    "18446744073709551615.18446744073709551615.18446744073709551615",
    "18446744073709551616.0.0",
    "0.18446744073709551616.0",
    "0.0.18446744073709551616",
    "99999999999999999999.0.0",
    "100000000000000000000.0.0",
    "1.2.3-é",
    "1.2.3-\u0661",
    "\u0661.2.3",
    "\uff11.2.3",
    "1.2.3-a_b",
]


def compare(oracle: Oracle, texts: list[str]) -> None:
    for text, printed in zip(texts, oracle.print_versions(texts), strict=True):
        assert (text, parsed(text)) == (text, printed)
        assert (text, is_version(text)) == (text, printed is not None)


def parsed(text: str) -> str | None:
    try:
        return str(parse_version(text))
    except InvalidVersion:
        return None


def test_odd_texts_are_versions_where_they_are_to_cargo(oracle: Oracle) -> None:
    """Cargo skips an index line whose version it cannot read."""
    compare(oracle, ODD)


@BATCHES
@given(texts=batches(odd_versions))
def test_any_text_is_a_version_where_it_is_to_cargo(oracle: Oracle, texts: list[str]) -> None:
    """A version is SemVer 2.0.0 with numbers of 64 bits."""
    compare(oracle, texts)


def test_long_version_is_refused_though_cargo_reads_it(oracle: Oracle) -> None:
    """More than crates.io's 150 characters are refused; names of files and columns have an end."""
    longest = "1.0.0-" + "a" * (MAX_VERSION_LENGTH - 6)
    assert oracle.print_versions([longest, longest + "a"]) == [longest, longest + "a"]
    assert [parsed(longest), parsed(longest + "a")] == [longest, None]


def compare_order(oracle: Oracle, texts: list[str]) -> None:
    pairs = list(product(texts, repeat=2))
    for pair, answer in zip(pairs, oracle.order(pairs), strict=True):
        left, right = map(parse_version, pair)
        assert (pair, order(left, right), precedence(left, right)) == (pair, *answer)


def order(left: Version, right: Version) -> int:
    assert (left == right) is not (left < right or left > right)
    return (left > right) - (left < right)


def precedence(left: Version, right: Version) -> int:
    return (left.precedence > right.precedence) - (left.precedence < right.precedence)


@pytest.mark.parametrize("before", ["1.0.0+", "1.0.0-a+", "1.0.0+a.", "1.0.0+0."])
def test_build_metadata_is_ordered_as_by_cargo(oracle: Oracle, before: str) -> None:
    """By value and then by leading zeros, one identifier after the other."""
    builds = [*BUILD_PARTS, "1.a", "01.a", "1.b", "01.b", "1.0", "a.01", "a.1"]
    compare_order(oracle, [before + build for build in builds])


@BATCHES
@given(texts=batches(versions, 15))
def test_versions_are_ordered_as_by_cargo(oracle: Oracle, texts: list[str]) -> None:
    """Precedence is that of the specification; build metadata decides last."""
    compare_order(oracle, texts)


@BATCHES
@given(texts=batches(versions, 15))
def test_sorted_versions_are_sorted_to_cargo(oracle: Oracle, texts: list[str]) -> None:
    """The newest version is the same one here and there."""
    ours = [str(version) for version in sorted(map(parse_version, texts))]
    assert all(full <= 0 for full, _ in oracle.order(pairwise(ours)))
