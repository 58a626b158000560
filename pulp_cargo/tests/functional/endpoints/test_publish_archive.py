"""The .crate file of a publish: what cargo could not or should not unpack is refused."""

import gzip
import struct
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

import pytest

from pulp_cargo.tests.conftest import Refuse
from pulp_cargo.tests.support import tarball
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.tarball import Entry, pax, tar

FileDamage = Callable[[bytes], bytes]
# Takes the name of the crate's folder, returns what stands in the archive besides the usual.
More = Callable[[str], Iterable[Entry]]

DAMAGED_FILES: list[tuple[str, FileDamage]] = [
    ("empty", lambda file: b""),
    ("not gzip", lambda file: b"PK" + file),
    ("plain tar", gzip.decompress),
    ("zlib instead of gzip", lambda file: b"\x78\x9c" + file[10:-8]),
    ("gzip without its end", lambda file: file[:-1]),
    ("gzip cut in the middle", lambda file: file[: len(file) // 2]),
    ("gzip header only", lambda file: file[:10]),
    ("wrong checksum of gzip", lambda file: file[:-8] + b"\0\0\0\0" + file[-4:]),
    ("wrong length of gzip", lambda file: file[:-4] + struct.pack("<I", 7)),
    ("damaged data", lambda file: file[:40] + bytes([file[40] ^ 0xFF]) + file[41:]),
    ("a second gzip member", lambda file: file + gzip.compress(b"more")),
    ("an empty second gzip member", lambda file: file + gzip.compress(b"")),
    ("a byte after gzip", lambda file: file + b"\0"),
    ("gzip of nothing", lambda file: gzip.compress(b"")),
    ("gzip of no tar", lambda file: gzip.compress(b"x" * 5000)),
    ("tar cut in a header", lambda file: gzip.compress(gzip.decompress(file)[:700])),
    ("tar cut in a file", lambda file: gzip.compress(gzip.decompress(file)[:540])),
    ("tar without end", lambda file: gzip.compress(gzip.decompress(file).rstrip(b"\0"))),
    ("data after the end of tar", lambda file: gzip.compress(gzip.decompress(file) + b"x" * 512)),
    ("damaged tar header", lambda file: gzip.compress(b"y" + gzip.decompress(file)[1:])),
]


def _at(path: str, kind: bytes = tarball.FILE, content: bytes = b"x", link: str = "") -> More:
    """Return what adds an entry at a path, in which `{root}` is the crate's folder."""
    return lambda root: [Entry(path.format(root=root).encode(), content, kind, link=link.encode())]


# Each path with why it is refused.
PATHS = [
    ("other-1.0.0/x", "is not below"), ("x", "is not below"), ("{root}x/y", "is not below"),
    ("{root}", "is not below"), ("/x", "empty component"), ("/{root}/x", "empty component"),
    ("{root}//x", "empty component"), ("./{root}/x", "component `.` or `..`"),
    ("{root}/./x", "component `.` or `..`"), ("{root}/../x", "component `.` or `..`"),
    ("{root}/a/../../x", "component `.` or `..`"), ("{root}/a/..", "component `.` or `..`"),
    ("../{root}/x", "component `.` or `..`"), ("{root}/a\\b", "backslash"),
    ("{root}/x.", "ends in a dot or space"), ("{root}/x ", "ends in a dot or space"),
    ("{root}/c:x", "drive letter"), ("{root}/nul", "Windows device"),
    ("{root}/a/CON.txt", "Windows device"), ("{root}/src/lib.rs", "'src/lib.rs' twice"),
    ("{root}/SRC/LIB.RS", "'SRC/LIB.RS' twice"), ("{root}/src/lib.rs/x", "'src/lib.rs/x' twice"),
    ("{root}/:w", "`<>:"), ("{root}/src/lib.rs:x", "`<>:"), ("{root}/Cargo.toml::$DATA", "`<>:"),
    ("{root}/a?b", "`<>:"), ("{root}/a\x1b[2J", "control character"),
]  # fmt: skip
KINDS = [
    ("symlink", partial(_at, "{root}/l", tarball.SYMLINK, b"", "Cargo.toml")),
    ("symlink to outside", partial(_at, "{root}/l", tarball.SYMLINK, b"", "/etc/passwd")),
    ("hard link", partial(_at, "{root}/l", tarball.HARD_LINK, b"", "{root}/Cargo.toml")),
    ("character device", partial(_at, "{root}/d", tarball.CHARACTER_DEVICE, b"")),
    ("block device", partial(_at, "{root}/d", tarball.BLOCK_DEVICE, b"")),
    ("FIFO", partial(_at, "{root}/f", tarball.FIFO, b"")),
    ("contiguous file", partial(_at, "{root}/c", tarball.CONTIGUOUS)),
    ("GNU sparse file", partial(_at, "{root}/s", tarball.SPARSE)),
    ("unknown type", partial(_at, "{root}/u", b"Z")),
]
MANIFESTS = ["Cargo.toml", "cargo.toml", "CARGO.TOML"]
LONG = "a" * 60 + "/" + "b" * 80
ODD_HEADERS: list[tuple[str, More]] = [
    ("path that is not UTF-8", lambda root: [Entry(root.encode() + b"/\xff")]),
    ("pax size of another number", lambda root: [pax(size="7"), Entry(f"{root}/x".encode(), b"x")]),
    ("pax size of no number", lambda root: [pax(size="one"), Entry(f"{root}/x".encode(), b"x")]),
    ("pax path to outside", lambda root: [pax(path="../x"), Entry(f"{root}/x".encode())]),
    ("global pax header", lambda root: [pax(tarball.PAX_GLOBAL, comment="x")]),
    ("pax sparse file", lambda root: [
        pax(**{"GNU.sparse.major": "1"}), Entry(f"{root}/x".encode()),
    ]),
    ("long name to outside", lambda root: [
        Entry(b"././@LongLink", b"../" + LONG.encode() + b"\0", tarball.LONG_NAME), Entry(b"x"),
    ]),
    ("long name with a NUL", lambda root: [
        Entry(b"././@LongLink", f"{root}/a\0b".encode() + b"\0", tarball.LONG_NAME), Entry(b"x"),
    ]),
    ("negative size", lambda root: [_resized(f"{root}/x".encode(), b"\xff" * 12)]),
    ("size of no number", lambda root: [_resized(f"{root}/x".encode(), b"zzzzzzzzzzz\0")]),
    ("size beyond the archive", lambda root: [Entry(f"{root}/x".encode(), b"x", size=8**10)]),
]  # fmt: skip


@pytest.mark.parametrize(
    "damage", [case[1] for case in DAMAGED_FILES], ids=[case[0] for case in DAMAGED_FILES]
)
def test_damaged_file_is_refused(registry: Registry, refuse: Refuse, name: str, damage: FileDamage):
    """Exactly one whole gzip member with exactly one whole tar in it [77]."""
    crate = Crate(name)
    damaged = replace(crate, archive=damage(crate.packed(registry.index_url)))
    assert refuse(registry, damaged).startswith("the crate file ")


@pytest.mark.parametrize(("path", "words"), PATHS)
def test_path_that_is_unsafe_or_ambiguous_is_refused(
    registry: Registry, refuse: Refuse, name: str, path: str, words: str
):
    """Everything lies once below `{name}-{version}/`, on every operating system [79]."""
    assert words in refuse(registry, _with(name, _at(path)))


@pytest.mark.parametrize("more", [case[1]() for case in KINDS], ids=[case[0] for case in KINDS])
def test_only_files_and_folders_are_accepted(
    registry: Registry, refuse: Refuse, name: str, more: More
):
    """Links and special files would be unpacked by cargo up to 1.95 [80]."""
    assert "only files are allowed" in refuse(registry, _with(name, more))


@pytest.mark.parametrize("second", MANIFESTS[1:])
def test_manifest_in_two_spellings_is_refused(
    registry: Registry, refuse: Refuse, name: str, second: str
):
    """Which of them is read depends on the file system [81]."""
    detail = refuse(registry, _with(name, _at(f"{{root}}/{second}")))
    assert f"must be called 'Cargo.toml', not {second!r}" in detail


@pytest.mark.parametrize("spelling", [None, *MANIFESTS[1:], "src/Cargo.toml"])
def test_file_without_its_manifest_is_refused(
    registry: Registry, refuse: Refuse, name: str, spelling: str | None
):
    """The manifest is `Cargo.toml`, in the root, with this spelling [81]."""
    crate = Crate(name)
    content = crate.manifest(registry.index_url)
    files = [("src/lib.rs", b""), *([(spelling, content)] if spelling else [])]
    entries = [Entry(f"{crate.root}/{path}".encode(), data) for path, data in files]
    detail = refuse(registry, replace(crate, archive=tarball.packed(entries)))
    assert "Cargo.toml" in detail


@pytest.mark.parametrize("more", [case[1] for case in ODD_HEADERS], ids=[c[0] for c in ODD_HEADERS])
def test_header_that_readers_take_differently_is_refused(
    registry: Registry, refuse: Refuse, name: str, more: More
):
    """What one reader of tar shows, another must not hide [84, 85]."""
    assert "the crate file" in refuse(registry, _with(name, more))


def test_long_paths_and_folders_are_accepted(registry: Registry, name: str):
    """GNU long names, pax local headers and entries for folders come from honest tools [85, 86]."""
    root = f"{name}-1.0.0"
    long = f"{root}/{LONG}".encode()
    more = [
        Entry(f"{root}/".encode(), kind=tarball.FOLDER),
        Entry(f"{root}/src/".encode(), kind=tarball.FOLDER),
        Entry(b"././@LongLink", long + b"\0", tarball.LONG_NAME),
        Entry(long[:99], b"x"),
        pax(path=f"{root}/{LONG}2", mtime="1.5"),
        Entry(b"short", b"y"),
        pax(size="1"),
        Entry(f"{root}/z".encode(), b"z"),
    ]
    registry.publish(Crate(name).with_entries(*more))


def test_padding_after_the_end_of_tar_is_accepted(registry: Registry, name: str):
    """Tools fill up to whole records of 20 blocks [77]."""
    crate = Crate(name)
    padded = tar(crate.entries(registry.index_url)) + bytes(10_240)
    registry.publish(replace(crate, archive=gzip.compress(padded)))


def _with(name: str, more: More) -> Crate:
    crate = Crate(name)
    return crate.with_entries(*more(crate.root))


def _resized(path: bytes, size: bytes) -> Entry:
    """Return an entry that is a whole header with another size field."""
    head = bytearray(tarball.header(path, 0))
    head[124:136] = size
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    return _Raw(bytes(head))


class _Raw(Entry):
    """An entry that is already written."""

    def packed(self) -> bytes:
        return self.path
