"""How a requirement is written (Rust's `semver` crate, as cargo uses it)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import InvalidRequirement, RegistryError
from pulp_cargo.protocol.requirement import normalise_requirement
from pulp_cargo.tests.unit.protocol.properties import QUICK

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
    "*\n",
    "\tx",
    "\u0661",
    "18446744073709551616",
    "9" * 5000,
    ",".join(["1"] * 33),
]


@pytest.mark.parametrize(("text", "printed"), MEANINGS.items())
def test_requirement_is_printed_as_cargo_prints_it(text, printed):
    """The index has requirements parsed and printed: `1` is `^1`."""
    assert normalise_requirement(text) == printed


@pytest.mark.parametrize("text", UNREADABLE)
def test_requirement_that_cargo_cannot_read_is_refused(text):
    """Requirement that does not parse: 400 (89)."""
    with pytest.raises(InvalidRequirement):
        normalise_requirement(text)


def test_refusal_quotes_the_part_that_is_wrong() -> None:
    """And the whole, in which it has to be found."""
    with pytest.raises(InvalidRequirement) as error:
        normalise_requirement(">=1, two")
    assert str(error.value) == ("the requirement '>=1, two' is invalid for cargo because of ' two'")


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
