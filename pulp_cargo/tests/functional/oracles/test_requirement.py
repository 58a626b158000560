"""Requirements are read, printed and matched as by Rust's `semver` crate."""

from itertools import product

import pytest
from hypothesis import given

from pulp_cargo.protocol.errors import InvalidRequirement
from pulp_cargo.protocol.requirement import (
    Requirement,
    normalise_requirement,
    parse_requirement,
)
from pulp_cargo.protocol.semver import Version, parse_version
from pulp_cargo.tests.functional.oracles.inputs import (
    BATCHES,
    batches,
    near_requirements,
    near_versions,
    odd_requirements,
)
from pulp_cargo.tests.support.oracle import Oracle

pytestmark = pytest.mark.cargo

ODD = [
    "",
    " ",
    ",",
    "*",
    " * ",
    "x",
    "X",
    "**",
    "*.*",
    "*.1",
    "*,",
    "*, 1",
    "1, *",
    "1,",
    "1, ",
    ",1",
    "1,,2",
    "1 , 2",
    "1 2",
    "1\t",
    "\t1",
    "1\n",
    "\u00a01",
    "1.",
    "1..2",
    "1.*",
    "1.*.*",
    "1.*.x",
    "1.X.*",
    "1.*.1",
    "1.*.*.*",
    "1.2.*",
    "1.2.*.",
    "1.2.*-a",
    "1.2.x+b",
    "1.2.3.4",
    "1.2.3.*",
    "=*",
    ">*",
    "^*",
    "~ *",
    "=1.*",
    ">1.*",
    ">=1.*.*",
    "<1.2.*",
    "^1.x",
    "~1.2.X",
    "= 1",
    ">  1",
    "> =1",
    "=>1",
    "==1",
    "=<1",
    "<>1",
    "!=1",
    "~>1",
    "~=1",
    "^=1",
    "||1",
    "1 || 2",
    "1 - 2",
    "v1",
    "1a",
    "1-a",
    "1.2-a",
    "1+b",
    "1.2+b",
    "1.2.3+",
    "1.2.3-",
    "1.2.3-01",
    "1.2.3+01",
    "1.2.3-a+b",
    "=1.2.3+b",
    "01",
    "1.00",
    "18446744073709551615",
    "18446744073709551616",
    "\u0661",
    "1.2.3-é",
    ",".join(["1"] * 32),
    ",".join(["1"] * 33),
    " , ".join(["*"] * 2),
]

# Every operator, with one to three numbers among which some are zero, with and without pre-release.
OPERATORS = ("", "=", ">", ">=", "<", "<=", "~", "^")
NUMBERS = (
    *("0", "1", "0.0", "0.1", "1.0", "1.1", "0.0.0", "0.0.1", "0.1.0", "0.1.1"),
    *("1.0.0", "1.1.1", "0.0.1-a", "1.1.0-0", "1.1.1-a.1"),
)
WILDCARDS = ("*", "0.*", "1.*", "0.0.*", "0.1.*", "1.1.*", "1.*.*")
REQUIREMENTS = [*WILDCARDS, *(operator + given for operator in OPERATORS for given in NUMBERS)]
VERSIONS = [
    f"{major}.{minor}.{patch}{pre}"
    for major in (0, 1, 2)
    for minor in (0, 1, 2)
    for patch in (0, 1, 2)
    for pre in ("", "-0", "-a", "-a.1", "-b", "+b")
]


def compare(oracle: Oracle, texts: list[str]) -> None:
    for text, printed in zip(texts, oracle.print_requirements(texts), strict=True):
        assert (text, normalised(text)) == (text, printed)


def normalised(text: str) -> str | None:
    try:
        return normalise_requirement(text)
    except InvalidRequirement:
        return None


def test_odd_texts_are_requirements_where_they_are_to_cargo(oracle: Oracle) -> None:
    """Cargo skips an index line with a requirement that it cannot read."""
    compare(oracle, ODD)


@BATCHES
@given(texts=batches(odd_requirements))
def test_any_text_is_printed_as_by_cargo(oracle: Oracle, texts: list[str]) -> None:
    """An index holds requirements in the form that cargo prints."""
    compare(oracle, texts)


def compare_matches(oracle: Oracle, requirements: list[str], versions: list[str]) -> None:
    pairs = list(product(requirements, versions))
    for (requirement, vers), answer in zip(pairs, oracle.match(pairs), strict=True):
        read, version = parse_requirement(requirement), parse_version(vers)
        assert (requirement, vers, read.matches(version)) == (requirement, vers, answer)
        # A rule about versions must reach at least what cargo would choose.
        if answer and not opens_with_pre_release(read, version):
            assert version in read.range(), (requirement, vers)


def opens_with_pre_release(requirement: Requirement, version: Version) -> bool:
    """Whether this is a pre-release of the first version of `^1.2`, which a rule does not mean.

    Cargo counts it to `^1.2` where another part of the requirement names it: `^1.2, >=1.2.0-rc.1`.
    """
    return version.is_prerelease and any(
        part.op == "^" and (*part.numbers, 0, 0)[:3] == version.numbers
        for part in requirement.comparators
        if len(part.numbers) < 3
    )


def test_every_operator_matches_as_by_cargo(oracle: Oracle) -> None:
    """Operators and wildcards at all the edges of what they mean."""
    compare_matches(oracle, REQUIREMENTS, VERSIONS)


@BATCHES
@given(requirements=batches(near_requirements, 15), versions=batches(near_versions, 15))
def test_any_requirement_matches_as_by_cargo(
    oracle: Oracle, requirements: list[str], versions: list[str]
) -> None:
    """All comparators hold, and a pre-release needs one that names its three numbers."""
    compare_matches(oracle, requirements, versions)
