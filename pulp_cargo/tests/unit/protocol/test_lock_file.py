"""Cargo.lock in all its formats; those in `lock_files` were written by cargo 1.95.

In them stands `{crates.io}` for the address by which cargo names it.
"""

import dataclasses
from pathlib import Path

import pytest

from pulp_cargo.protocol.lock_file import LockedPackage, parse_lock_file
from pulp_cargo.protocol.lock_source import GitSource, RegistrySource
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.tests.unit.protocol.locked import CKSUM, IN_METADATA, LEAF

FOLDER = Path(__file__).with_name("lock_files")
BITFLAGS_1 = "bef38d45163c2f1dde094a7dfd33ccf595c92905c8f8f4fdc18d06fb1037718a"
BITFLAGS_2 = "3ded4057c258ba199e2d26386d3af3780957ecaee6c4ef4041c6b4b8b97c0b06"
COMMIT = "a62b762119ab5266e7c6f979fdc503baca86d0a6"

PACKAGES = (
    LockedPackage("app", "0.1.0", None, None),
    LockedPackage("bitflags", "1.3.2", RegistrySource(CRATES_IO), BITFLAGS_1),
    LockedPackage("bitflags", "2.13.2", RegistrySource(CRATES_IO), BITFLAGS_2),
    LockedPackage(
        "corp-base", "0.8.0", RegistrySource("sparse+https://r.example/index/"), "f" * 64
    ),
    LockedPackage(
        "forked", "0.3.0", GitSource("https://git.example/forked", "branch=feat/x#1", COMMIT), None
    ),
    LockedPackage("member", "0.2.0", None, None),
)
# Before format 4 nothing in a branch's name was encoded, so cargo itself misreads this one.
MISREAD = GitSource("https://git.example/forked", "branch=feat/x", f"1#{COMMIT}")

BARE = LEAF.replace(f'checksum = "{CKSUM}"\n', "")


def frozen(number: int) -> bytes:
    """Return a lock file that cargo wrote, by the number of its format."""
    return (FOLDER / f"format_{number}.txt").read_text().replace("{crates.io}", CRATES_IO).encode()


def checksums(text: str) -> list[str | None]:
    """Return the checksums of the packages, in order."""
    return [package.cksum for package in parse_lock_file(text).packages]


def test_dots_are_counted_line_by_line() -> None:
    """Only a key of many parts costs time, and it stands on one line."""
    packages = "".join(LEAF.replace('"1.0.0"', f'"{number}.0.0"') for number in range(60))
    assert len(parse_lock_file(packages).packages) == 60


def test_newest_format():
    """Crates.io, another registry, a git branch, and what lies on the disk."""
    assert parse_lock_file(frozen(4)).packages == PACKAGES


@pytest.mark.parametrize("number", [1, 2, 3])
def test_older_formats_say_the_same(number):
    """Format 1 has its checksums in `[metadata]`, the others beside the packages."""
    misread = dataclasses.replace(PACKAGES[4], source=MISREAD)
    assert parse_lock_file(frozen(number)).packages == (*PACKAGES[:4], misread, PACKAGES[5])


def test_formats_are_as_their_names_say():
    """What was frozen is what the tests above mean."""
    assert b"[metadata]" in frozen(1) and b"[metadata]" not in frozen(2)
    assert b"\nversion = 3\n" in frozen(3) and b"\nversion = 4\n" in frozen(4)


@pytest.mark.parametrize("change", [lambda text: b"\xef\xbb\xbf" + text, bytes.decode])
def test_lock_file_is_bytes_or_text(change):
    """A byte order mark is forgiven, as cargo does."""
    assert parse_lock_file(change(frozen(4))).packages == PACKAGES


def test_windows_line_ends():
    """Git may have put them there."""
    assert parse_lock_file(frozen(4).replace(b"\n", b"\r\n")).packages == PACKAGES


def test_root_of_the_oldest_files_is_a_package():
    """The first releases of cargo kept the project apart from its dependencies."""
    root = '[root]\nname = "app"\nversion = "0.1.0"\n'
    assert [package.name for package in parse_lock_file(root + LEAF).packages] == ["app", "leaf"]
    assert [package.name for package in parse_lock_file(root).packages] == ["app"]


def test_checksum_in_metadata_belongs_to_the_package_it_names():
    """It names the version and the source; `<none>` says that there is none."""
    assert checksums(BARE + IN_METADATA) == [CKSUM]
    assert checksums(BARE + IN_METADATA.replace("1.0.0", "1.0.1")) == [None]
    assert checksums(BARE + IN_METADATA.replace("registry+", "git+")) == [None]
    assert checksums(BARE + IN_METADATA.replace(CKSUM, "<none>")) == [None]
    spaced = '[metadata]\n"checksum leaf 1.0.0 (git+file:///my leaf#1f)" = "<none>"'
    assert checksums(BARE + spaced) == [None]
    assert checksums(BARE + '[metadata]\n"other" = "1"\n"checksum leaf" = "<none>"') == [None]


@pytest.mark.parametrize("text", [LEAF + IN_METADATA, f"version = 3\n{BARE}{IN_METADATA}"])
def test_checksums_in_both_places_count_for_nothing(text):
    """A merge went wrong, and cargo regenerates them all."""
    assert checksums(text) == [None]


def test_package_without_checksum():
    """The lock file of a registry that once had none; cargo fills it in."""
    assert checksums(BARE) == [None]


def test_replaced_package_is_marked():
    """`[replace]` keeps the registry's package in the file, and builds another in its place."""
    text = f'{LEAF}replace = "leaf 1.0.0 (git+https://git.example/leaf)"\n'
    assert [package.replaced for package in parse_lock_file(text).packages] == [True]


def test_unused_patches_are_no_packages():
    """Nothing is built from them."""
    text = LEAF + LEAF.replace("[[package]]", "[[patch.unused]]").replace("leaf", "patched")
    assert [package.name for package in parse_lock_file(text).packages] == ["leaf"]


def test_unknown_keys_are_ignored():
    """So does cargo; a format that must not be misread has a new number."""
    text = f"version = 4\nnew = 1\n{LEAF}other = []\n[table]\nkey = true\n"
    assert checksums(text) == [CKSUM]


def test_one_version_from_two_sources():
    """These are two packages."""
    assert checksums(LEAF + LEAF.replace(CRATES_IO, "https://r.example/index")) == [CKSUM] * 2


def test_project_without_packages():
    """A workspace may have no members yet."""
    assert parse_lock_file("version = 4\n").packages == ()
