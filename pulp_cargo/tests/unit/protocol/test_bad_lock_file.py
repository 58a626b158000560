"""Lock files that cargo would not read, or that nobody has."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol import lock_file
from pulp_cargo.protocol.errors import InvalidLockFile, RegistryError, TooLarge
from pulp_cargo.protocol.lock_file import MAX_SIZE, parse_lock_file
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.tests.unit.protocol.locked import CKSUM, IN_METADATA, LEAF
from pulp_cargo.tests.unit.protocol.properties import QUICK


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"\xff", "not UTF-8 at byte 0"),
        ("\ud800", "not UTF-8"),
        ("<<<<<<< HEAD\n", "not TOML.*line 1"),
        ("a = " + "[" * 100_000, "not TOML"),
        ("a" + ".a" * 101 + " = 1", "more than 100 parts"),
        ("a" + " .a" * 101 + " = 1", "more than 100 parts"),
        ("", "neither a `version` nor packages"),
        ("[workspace]\nmembers = []", "neither a `version` nor packages"),
        ('[package]\nname = "leaf"', "`package` of the lock file must be a list"),
        ("version = 5\n" + LEAF, r"`version = 5`.*up to 4"),
        ("version = 1\n" + LEAF, r"`version = 1`.*1 and 2 have no number"),
        ('version = "4"\n' + LEAF, "`version` of the lock file must be a number"),
        (LEAF + LEAF, r"`leaf 1\.0\.0` is in the lock file twice"),
        ("package = [1]", r"`package\[0\]` of the lock file must be a table"),
        (LEAF.replace('name = "leaf"', ""), "has no `name`"),
        (LEAF.replace('"leaf"', '""'), "'' .*not the name of a package"),
        (LEAF.replace('"leaf"', '"le af"'), "'le af' .*not the name of a package"),
        (LEAF.replace('"leaf"', '"le\\u001baf"'), "not the name of a package"),
        (LEAF.replace('version = "1.0.0"', ""), "`leaf`.*has no `version`"),
        (LEAF.replace('"1.0.0"', '"1.0"'), "`leaf`.*'1.0' is not SemVer"),
        (LEAF.replace("registry+https", "unknown+https"), "`leaf`.*'unknown.*does not begin with"),
        (LEAF.replace("registry+", ""), "`leaf`.*does not begin with"),
        (LEAF.replace(f"registry+{CRATES_IO}", "registry+mine"), "`leaf`.*'mine' cannot be used"),
        (LEAF.replace(f'"registry+{CRATES_IO}"', "1"), "`leaf`.*`source`.*must be a string"),
        (LEAF.replace(CKSUM, CKSUM.upper()), "`leaf`.*checksum '0123456789ABCDEF.*64 lower-case"),
        (LEAF + "[metadata]\na = 1", "`a` of `metadata`.*must be a string"),
        (IN_METADATA.replace(CKSUM, "0") + LEAF, "checksum '0' is not 64"),
        (LEAF + '[metadata]\n"checksum a 1 2 3" = "<none>"', "'a 1 2 3'.*is not `name vers"),
        (
            LEAF + '[metadata]\n"checksum a 1 (b)" = "<none>"',
            r"'a 1 \(b\)'.*'b' does not begin with",
        ),
    ],
)
def test_bad_lock_file_is_refused(text, said):
    """The sentence names the value and the rule; versions of a newer cargo are refused as well."""
    with pytest.raises(InvalidLockFile, match=said):
        parse_lock_file(text)


def test_lock_file_has_a_largest_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes, and in packages."""
    assert parse_lock_file("version = 4\n".ljust(MAX_SIZE, "#")).packages == ()
    with pytest.raises(TooLarge, match=f"{MAX_SIZE + 1} bytes, more than {MAX_SIZE}"):
        parse_lock_file("#" * (MAX_SIZE + 1))
    monkeypatch.setattr(lock_file, "MAX_PACKAGES", 2)
    one, two, three = (f'[[package]]\nname="a"\nversion="{n}.0.0"\n' for n in range(3))
    assert len(parse_lock_file(one + two).packages) == 2
    with pytest.raises(TooLarge, match="more than 2 packages"):
        parse_lock_file(one + two + three)


@QUICK
@given(st.text() | st.binary())
def test_any_text_is_a_lock_file_or_refused(data):
    """Nothing but a RegistryError comes of a bad file."""
    with contextlib.suppress(RegistryError):
        parse_lock_file(data)


@QUICK
@given(st.text(), st.sampled_from(["name", "version", "source", "checksum"]))
def test_any_value_is_read_or_refused(value, key):
    """Nothing but a RegistryError comes of a bad value."""
    values = {"name": "leaf", "version": "1.0.0", key: value}
    text = "".join(f"{name} = {_toml(text)}\n" for name, text in values.items())
    with contextlib.suppress(RegistryError):
        parse_lock_file(f"[[package]]\n{text}")


def _toml(text: str) -> str:
    return '"' + "".join(f"\\U{ord(letter):08x}" for letter in text) + '"'
