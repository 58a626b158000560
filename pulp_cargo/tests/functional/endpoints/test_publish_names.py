"""Which names and versions can be published (SemVer 2; crates.io's rules for names)."""

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

BAD_NAMES = [
    "", "a b", " a", "a\n", "ä", "naïve", "٣d", "\u212a", "\ufb01", "1a", "-a", "_a", "a.b", "a/b", "a::b",
    "a\0", "a" * 65,
]  # fmt: skip
DEVICES = ["nul", "NUL", "con", "Prn", "aux", "com0", "COM1", "lpt9", "LPT1"]
BAD_VERSIONS = [
    "", "1", "1.0", "v1.0.0", "01.0.0", "1.00.0", "1.0.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", " 1.0.0",
    "1.0.0\n", "1.0.0-a..b", "1.0.0-ä", "1.0.٣", "1.0.18446744073709551616", "-1.0.0", "1.0.0-" + "a" * 150,
]  # fmt: skip


@pytest.fixture(scope="module")
def empty(stack: Stack) -> Registry:
    """A registry in which every name is free."""
    return stack.make_registry()


@pytest.mark.parametrize("name", BAD_NAMES, ids=ascii)
def test_name_that_cannot_be_one_is_refused(registry: Registry, nothing: NothingStored, name: str):
    """ASCII letters, digits, `-` and `_`, a letter first, at most 64 characters [69]."""
    with nothing(registry, "anything"):
        answer = registry.send(Crate(name))
        assert answer.status == 400
        assert "name" in answer.detail


def test_refusal_of_a_name_says_the_name_and_the_rule(registry: Registry):
    """Cargo prints nothing but the sentence [69]."""
    assert "64" in registry.send(Crate("a" * 65)).detail
    assert "a.b" in registry.send(Crate("a.b")).detail


def test_name_of_64_characters_is_accepted(registry: Registry, name: str):
    """The limit itself is allowed [70]."""
    longest = name.ljust(64, "a")
    registry.publish(Crate(longest))
    assert registry.download(longest).status == 200


@pytest.mark.parametrize("name", DEVICES)
def test_windows_device_names_are_refused(registry: Registry, nothing: NothingStored, name: str):
    """A folder of that name cannot be made on Windows, in any case of letters [71]."""
    with nothing(registry, name):
        answer = registry.send(Crate(name))
        assert (answer.status, name in answer.detail) == (400, True)


@pytest.mark.parametrize("tail", ["con-tools", "null", "api", "new", "me", "dl", "config"])
def test_names_that_only_look_reserved_are_accepted(empty: Registry, tail: str):
    """Only whole device names are reserved, and no route of ours [71]."""
    answer = empty.send(Crate(tail))
    assert answer.status == 200
    assert empty.entry(tail)["name"] == tail
    assert empty.download(tail).status == 200


@pytest.mark.parametrize(
    ("first", "second"), [("a-b", "a_b"), ("a_b", "A-b"), ("ab", "AB"), ("Ab", "ab")]
)
def test_other_spelling_of_a_crate_is_refused(
    registry: Registry, nothing: NothingStored, name: str, first: str, second: str
):
    """Names that differ in case, `-` and `_` are one, and the sentence says how it is spelled [72]."""
    existing, other = name + first, name + second
    registry.publish(Crate(existing))
    with nothing(registry, existing):
        answer = registry.send(Crate(other, "2.0.0"))
        assert answer.status == 400
        assert f"`{existing}`" in answer.detail


@pytest.mark.parametrize("vers", BAD_VERSIONS, ids=ascii)
def test_version_that_is_not_semver_is_refused(
    registry: Registry, nothing: NothingStored, name: str, vers: str
):
    """Three numbers without leading zeros, at most 150 characters in all [73, 76]."""
    with nothing(registry, name):
        answer = registry.send(Crate(name, vers))
        assert answer.status == 400
        assert "version" in answer.detail


@pytest.mark.parametrize(
    "vers", ["0.0.0", "18446744073709551615.0.0", "1.0.0-a.1.b-2+c.01", "1.0.0+" + "a" * 144]
)
def test_every_semver_version_is_accepted(registry: Registry, name: str, vers: str):
    """Numbers of 64 bits, pre-releases, build metadata, 150 characters [73, 76]."""
    registry.publish(Crate(name, vers))
    assert registry.entry(name, vers)["vers"] == vers


@pytest.mark.parametrize("again", ["1.0.0", "1.0.0+other"])
@pytest.mark.parametrize("yanked", [False, True])
def test_published_version_can_never_be_replaced(
    registry: Registry, nothing: NothingStored, name: str, again: str, yanked: bool
):
    """Not when it is yanked, and not by other build metadata; the sentence says why [74]."""
    registry.publish(Crate(name, "1.0.0+first"))
    if yanked:
        registry.yank(name, "1.0.0+first")
    with nothing(registry, name):
        answer = registry.send(Crate(name, again, files={"src/lib.rs": b"// other"}))
        assert answer.status == 400
        assert f"`{name} 1.0.0` is already uploaded" in answer.detail
        assert "never be replaced" in answer.detail


def test_same_bytes_again_are_refused_too(registry: Registry, nothing: NothingStored, name: str):
    """A publish that was answered is not repeated in silence [74]."""
    registry.publish(Crate(name))
    with nothing(registry, name):
        assert registry.send(Crate(name)).status == 400


def test_lower_version_than_the_highest_is_accepted(registry: Registry, name: str):
    """Old series get their fixes [75]."""
    for vers in ("2.0.0", "1.0.1", "1.0.1-rc.1"):
        registry.publish(Crate(name, vers))
    assert len(registry.index(name)) == 3
