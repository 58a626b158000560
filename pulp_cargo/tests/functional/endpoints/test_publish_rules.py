"""The publishing rules of crates.io: one switch, and warnings where it is off."""

import pytest

from pulp_cargo.tests.conftest import Refuse
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

STRICT = [
    ("no description", {"description": None}, "description"),
    ("a long description", {"description": "x" * 1001}, "1000"),
    ("no licence", {"license": None}, "license"),
    ("an unknown licence", {"license": "MITT"}, "MITT"),
    ("a relative homepage", {"homepage": "x.example"}, "x.example"),
    ("six keywords", {"keywords": list("abcdef")}, "5"),
    ("a keyword of 21 bytes", {"keywords": ["k" * 21]}, "20"),
    ("an unknown category", {"categories": ["no-such-category"]}, "no-such-category"),
]
GOOD = {"description": "Does it.", "license": "MIT OR Apache-2.0"}


@pytest.fixture(scope="module")
def strict(stack: Stack) -> Registry:
    """A registry with the publishing rules of crates.io."""
    return stack.make_registry(repository={"crates_io_rules": True})


@pytest.mark.parametrize(("changes", "words"), [c[1:] for c in STRICT], ids=[c[0] for c in STRICT])
def test_rules_of_crates_io_are_enforced_where_switched_on(
    strict: Registry, refuse: Refuse, name: str, changes: dict[str, object], words: str
):
    """Description, licence, URLs, keywords, categories [92]."""
    package = {key: value for key, value in (GOOD | changes).items() if value is not None}
    assert words in refuse(strict, Crate(name, package=package))


@pytest.mark.parametrize(("changes", "words"), [c[1:] for c in STRICT], ids=[c[0] for c in STRICT])
def test_rules_of_crates_io_are_warnings_where_off(
    registry: Registry, name: str, changes: dict[str, object], words: str
):
    """A private registry takes what crates.io would not, and cargo prints why it would not [92]."""
    package = {key: value for key, value in (GOOD | changes).items() if value is not None}
    (warning,) = registry.publish(Crate(name, package=package))
    assert words in warning


def test_crate_that_keeps_the_rules_of_crates_io(strict: Registry, name: str):
    """Nothing to complain about, nothing said [92]."""
    assert strict.publish(Crate(name, package=GOOD)) == []


def test_dependency_on_the_registry_itself_keeps_the_rules_of_crates_io(
    strict: Registry, refuse: Refuse, name: str
):
    """Only a third registry is "another one", by the rule that dependencies come from here [92]."""
    own, crates_io = Dep(name="own"), Dep(name="serde", registry=CRATES_IO)
    assert strict.publish(Crate(name, package=GOOD, deps=[own, crates_io])) == []
    third = Dep(name="third", registry="sparse+https://other.example/index/")
    assert "other.example" in refuse(strict, Crate(f"{name}-b", package=GOOD, deps=[third]))
