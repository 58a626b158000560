"""What makes a bundle complete, and everything that makes it a bad one."""

import contextlib
import io
import json
import random
import subprocess
import tarfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulp_glue.cargo.archive import ArchiveWriter, parts
from pulp_glue.cargo.bundle import (
    Bundle,
    InvalidBundle,
    entries_of_index,
    part_at,
    read_bundle,
)
from pulp_glue.cargo.snapshot import InvalidSnapshot

from pulp_cargo.tests.support import bundles as made
from pulp_cargo.tests.unit.protocol.properties import QUICK

# Paths in the order of a bundle.
PATHS = [
    "bundle.json",
    "snapshot.json",
    "snapshot.jsonl",
    "config.toml",
    "index/le/af/leaf",
    "index/tr/ee/tree",
    "leaf-1.0.0.crate",
    "leaf-2.0.0.crate",
    "tree-0.1.0.crate",
    "SHA256SUMS",
]
SINCE = "ab" * 32
KEYS = st.sampled_from(
    ["name", "vers", "cksum", "yanked", "pubtime", "bundle", "since", "index_urls"]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=8),
    max_leaves=8,
)
JSON_OF_ANYTHING = VALUES.map(lambda value: json.dumps(value).encode() + b"\n")


def read(content: bytes) -> Bundle:
    """Return the bundle in these bytes."""
    return read_bundle(io.BytesIO(content))


def refused(content: bytes) -> str:
    """Return the message about a bad bundle."""
    with pytest.raises(InvalidBundle) as error:
        read(content)
    return str(error.value)


def test_bundle_is_a_tar_archive_that_any_tool_unpacks(tmp_path: Path) -> None:
    """Its checksums are in the form of `sha256sum`."""
    (tmp_path / "b.tar").write_bytes(made.bundle())
    subprocess.run(["tar", "-xf", "b.tar"], cwd=tmp_path, check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)
    assert (tmp_path / "leaf-1.0.0.crate").read_bytes() == b"leaf 1"
    with tarfile.open(tmp_path / "b.tar") as archive:
        assert archive.getnames() == PATHS


def test_bundle_that_is_whole() -> None:
    """It has the snapshot, and the place of each file."""
    content = made.bundle(more=[("advisory-db/crates/leaf/RUSTSEC-2026-0001.md", b"text")])
    found = read(content)
    assert list(found.entries) == made.entries()
    assert found.head.what == "version 7 of the repository `team`"
    assert (found.about.since, found.about.index_urls) == (None, (made.URL,))
    assert (found.advisories, found.signature, found.left_out) == (1, None, [])
    files = {key: part_at(io.BytesIO(content), place) for key, place in found.files.items()}
    assert files == made.FILES


def test_crates_get_their_bytes_once_they_are_verified() -> None:
    """In the order of the snapshot."""
    seen = []
    read_bundle(
        io.BytesIO(made.bundle()), on_crate=lambda entry, content: seen.append((entry.key, content))
    )
    assert seen == sorted(made.FILES.items())


def test_every_flipped_bit_is_noticed() -> None:
    """In each part: headers, contents, padding, checksums and the end; every eleventh byte is tried."""
    content = made.bundle(signature=b"-----BEGIN PGP SIGNATURE-----\n")
    random.seed(16)
    for at in range(0, len(content), 11):
        changed = bytearray(content)
        changed[at] ^= 1 << random.randrange(8)
        with pytest.raises(InvalidBundle):
            read(bytes(changed))


def test_bundle_that_is_cut_off() -> None:
    """At any block, and anywhere in the last file."""
    content = made.bundle()
    for size in (*range(0, len(content), 512), *range(len(content) - 3000, len(content), 7)):
        with pytest.raises(InvalidBundle):
            read(content[:size])


def test_whole_bundle_has_every_file() -> None:
    """One that builds on another may leave files out, and knows which."""
    files = [("leaf", "1.0.0"), ("tree", "0.1.0")]
    assert refused(made.bundle(files=files)) == (
        "the bundle lacks `leaf-2.0.0.crate`, although it claims to be complete"
    )
    found = read(made.bundle(files=files, since=SINCE))
    assert (found.about.since, [one.key for one in found.left_out]) == (SINCE, [("leaf", "2.0.0")])


def test_file_has_the_bytes_of_the_snapshot() -> None:
    """The message has both checksums."""
    listed = [replace(one, cksum=SINCE) for one in made.entries()]
    assert refused(made.bundle(listed=listed)) == (
        "`leaf-1.0.0.crate` has the SHA-256"
        f" {made.entries()[0].cksum}, but the snapshot has {SINCE}"
    )


def test_index_has_what_the_snapshot_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that hides a yank, or lists more, is not that of the snapshot."""
    index_file = made.index_file
    unyanked = [replace(one, yanked=False) for one in made.entries() if one.name == "leaf"]
    monkeypatch.setattr(made, "index_file", lambda versions: index_file(unyanked))
    assert refused(made.bundle()) == "`index/le/af/leaf` differs from the snapshot in version 2.0.0"
    more = [one for one in made.entries() if one.name == "leaf"]
    more.append(made.entry("leaf", "3.0.0", b""))
    monkeypatch.setattr(made, "index_file", lambda versions: index_file(more))
    assert refused(made.bundle()) == (
        "`index/le/af/leaf` has version '3.0.0', which is not in the snapshot"
    )


@pytest.mark.parametrize(
    "path",
    ["../evil", "/etc/passwd", "advisory-db/../evil", "advisory-db/.git/HEAD", "notes.txt", "SHA"],
)
def test_name_that_is_not_in_the_layout(path: str) -> None:
    """Nothing can be written to where it does not belong."""
    assert f"`{path}` does not belong in a bundle" in refused(made.bundle(more=[(path, b"")]))


@pytest.mark.parametrize("path", ["a\0b.crate", "a\x1b[31m.crate", "a\nb.crate", "\u202e.crate"])
def test_name_that_would_change_a_terminal(path: str) -> None:
    """It is refused before any message has it."""
    assert refused(made.bundle(more=[(path, b"")])) == (
        "the header after `tree-0.1.0.crate` is damaged, or not that of a regular file"
    )


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.XHDTYPE]
)
def test_entry_that_is_no_regular_file(kind: bytes) -> None:
    """A link, a folder or a device is refused by its header."""
    entry = tarfile.TarInfo("bundle.json")
    entry.type, entry.linkname = kind, "/etc/passwd"
    header = entry.tobuf(tarfile.USTAR_FORMAT)
    assert "not that of a regular file" in refused(header + made.bundle())


def test_size_that_is_too_large_is_refused_before_it_is_read() -> None:
    """Of a file in a bundle, and of the number of crate versions."""
    entry = tarfile.TarInfo("bundle.json")
    entry.size, entry.mode = 8**11 - 1, 0o644
    assert "at most 262144 are accepted" in refused(entry.tobuf(tarfile.GNU_FORMAT) + bytes(1024))
    with pytest.raises(InvalidBundle, match="has 6 bytes, but at most 5 are accepted"):
        read_bundle(io.BytesIO(made.bundle()), most_crate=5)


def test_long_names() -> None:
    """A crate and version of the greatest length have a path for which tar has an extension."""
    name, vers = "a" * 64, "1.0.0-" + "b" * 144
    found = read(made.bundle(contents={(name, vers): b"long"}))
    assert list(found.files) == [(name, vers)]


@QUICK
@given(st.integers(0, 9), st.one_of(st.binary(max_size=300), JSON_OF_ANYTHING))
def test_anything_in_a_bundle_is_read_or_refused(number: int, content: bytes) -> None:
    """By its own error, whatever stands in the place of a file."""
    output = io.BytesIO()
    writer = ArchiveWriter(output)
    for at, (path, whole) in enumerate(_parts_of_a_bundle()):
        written = content if at == number else whole
        writer.add(path, io.BytesIO(written), len(written))
    writer.close()
    with contextlib.suppress(InvalidBundle):
        read(output.getvalue())


@cache
def _parts_of_a_bundle() -> list[tuple[str, bytes]]:
    found = parts(io.BytesIO(made.bundle(signature=b"-----")))
    return [(part.path, part.content(10**6)) for part in found]


@QUICK
@given(st.one_of(st.binary(max_size=300), JSON_OF_ANYTHING))
def test_any_index_file_is_read_or_refused(content: bytes) -> None:
    """Those of static copies come from anywhere."""
    with contextlib.suppress(InvalidSnapshot):
        for entry in entries_of_index(content):
            assert {type(entry.name), type(entry.vers), type(entry.cksum)} == {str}
