"""Which repositories crates are promoted between, and why dependencies prevent it."""

import pytest

from pulp_cargo.rules.closure import Dependent, Unmet
from pulp_cargo.rules.matching import Reason
from pulp_cargo.rules.promotion import CannotPromote, conflict, why_unmet
from pulp_cargo.rules.repository_use import Use


@pytest.mark.parametrize(
    ("from_remote", "uses", "part"),
    [
        (False, set(), None),
        (True, set(), None),
        (False, {Use.UPLOADS}, None),
        (False, {Use.CLAIM}, None),
        (False, {Use.CACHE}, "stores crates of a remote"),
        (True, {Use.CACHE}, "stores crates of a remote"),
        (True, {Use.UPLOADS}, "`prod` accepts uploads"),
        (True, {Use.CLAIM}, "`prod` is private in a list of upstreams"),
    ],
)
def test_what_goes_beside_whose_crates(from_remote: bool, uses: set[Use], part: str | None) -> None:
    """Nothing beside those of a remote, and theirs nowhere where people publish."""
    sentence = conflict("dev", "prod", from_remote=from_remote, uses=uses)
    assert sentence is None if part is None else part in str(sentence)


@pytest.mark.parametrize(
    ("reason", "there", "end"),
    [
        (Reason.NO_CRATE, (), "`dev` has no such crate"),
        (Reason.ONLY_YANKED, ("1.0.0",), "`dev` has only yanked versions of it"),
        (Reason.NO_VERSION, ("0.2.0", "0.1.0"), "`dev` has only 0.2.0, 0.1.0"),
        (
            Reason.NO_VERSION,
            ("0.7.0", "0.6.0", "0.5.0", "0.4.0", "0.3.0", "0.2.0", "0.1.0"),
            "`dev` has only 0.7.0, 0.6.0, 0.5.0, 0.4.0, 0.3.0 and 2 more",
        ),
    ],
)
def test_an_unmet_dependency_is_explained(reason: Reason, there: tuple[str, ...], end: str) -> None:
    """With who needs it, and what is there instead."""
    unmet = Unmet("lib", "^1", reason, there, (Dependent("app", "1.0.0"),), 1)
    assert why_unmet(unmet, "dev") == f"`app 1.0.0` needs `lib ^1`, and {end}"


def test_an_error_names_twenty_problems() -> None:
    """And the number of others."""
    message = str(CannotPromote([f"p{number}" for number in range(23)]))
    assert message.startswith("nothing was promoted: p0; p1; ")
    assert message.endswith("; p19; and 3 more")
