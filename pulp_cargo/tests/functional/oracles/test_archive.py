"""Whatever archive is accepted, Rust's `tar` reads with the same members, paths and bytes.

Cargo unpacks with that crate, so what it would read otherwise must not get in. What to refuse
beyond that is a choice: no tool that makes crates writes most of what stands here.
"""

import gzip
import io
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.crate_file import CrateFile, Limits, Origin, read_crate_file
from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.protocol.gzip_stream import GzipStream
from pulp_cargo.protocol.tar import TarReader
from pulp_cargo.tests.functional.oracles import archives as made
from pulp_cargo.tests.functional.oracles.archives import (
    CHECKSUMS,
    MAGICS,
    ODD_MAGICS,
    ROOT,
    SIZES,
    hidden,
    record,
    sealed,
    sized,
)
from pulp_cargo.tests.functional.oracles.inputs import BATCHES
from pulp_cargo.tests.support.oracle import Member as TarMember
from pulp_cargo.tests.support.oracle import Oracle
from pulp_cargo.tests.unit.protocol.archives import BLOCK, END, MANIFEST, Member, manifest

pytestmark = pytest.mark.cargo

LIMIT = 1024 * 1024
CARGO_TOML = ROOT + b"Cargo.toml"
OTHER = b'[package]\nname = "leaf"\nversion = "1.0.0"\nlicense = "Proprietary"\n'
FILE = Member(ROOT + b"a", b"abc")


def read_archive(archive: bytes) -> list[TarMember] | None:
    """Return the members as our reader sees them, None where it refuses the archive."""
    reader = TarReader(GzipStream(packed(archive), LIMIT))
    try:
        return [
            TarMember(entry.path, b"5" if entry.is_directory else b"0", reader.read_content())
            for entry in reader
        ]
    except InvalidCrateFile:
        return None


def read_crate(archive: bytes, origin: Origin = Origin.HERE) -> CrateFile | None:
    """Return what a registry takes from a .crate file, None where it refuses it."""
    limits = Limits(unpacked_bytes=LIMIT, entries=50)
    try:
        return read_crate_file(
            packed(archive), name="leaf", vers="1.0.0", limits=limits, origin=origin
        )
    except InvalidCrateFile:
        return None


def packed(archive: bytes) -> io.BytesIO:
    return io.BytesIO(gzip.compress(archive, 1, mtime=0))


def compare(oracle: Oracle, archives: Iterable[bytes]) -> list[bool]:
    """Compare what is accepted with what Rust reads; return for each whether it is accepted."""
    archives = list(archives)
    accepted = []
    for archive, theirs in zip(archives, oracle.read_archives(archives), strict=True):
        ours = read_archive(archive)
        assert ours is None or ours == theirs
        if crate := read_crate(archive):
            assert ours is not None
            compare_crate(crate, ours)
        accepted.append(ours is not None)
    return accepted


def compare_crate(crate: CrateFile, members: list[TarMember]) -> None:
    """Compare the parts of a .crate file with the files that cargo would leave on the disk."""
    files = [(one.path, one.content) for one in members if one.flag == b"0"]
    assert len(files) == len(dict(files))
    kept = {b"Cargo.toml": crate.manifest}
    kept |= {path.encode(): content for path, content in crate.readmes.items()}
    assert kept == {path: dict(files)[ROOT + path] for path in kept}


@BATCHES
@given(archives=st.lists(made.archives(), min_size=20, max_size=20))
def test_accepted_archive_is_read_as_by_cargo(oracle: Oracle, archives: list[bytes]) -> None:
    """Same members in the same order, with the same paths and bytes."""
    compare(oracle, archives)
    compare(oracle, (manifest().render() + archive for archive in archives))


@BATCHES
@given(headers=st.lists(made.pax_headers, min_size=20, max_size=20))
def test_accepted_pax_header_is_read_as_by_cargo(oracle: Oracle, headers: list[bytes]) -> None:
    """Rust reads the records line by line, as long as it can read the lengths before them."""
    compare(oracle, (before(FILE, Member(b"pax", header, b"x")) for header in headers))


def before(member: Member, *extensions: Member) -> bytes:
    """Return a crate with a member that has extensions before it."""
    rendered = [one.render() for one in (manifest(), *extensions, member)]
    return b"".join(rendered) + END


# In octal, with spaces or nulls around it: what tar itself writes.
SIZES_ACCEPTED = {
    *("octal", "octal to the end", "octal and a space"),
    *("octal between spaces", "octal before spaces", "octal before nulls"),
}
# Octal as well, but of another number.
SIZES_OF_OTHERS = {"decimal", "zero", "a byte more", "a block more", "huge"}


@pytest.mark.parametrize("flag", [b"0", b"5", b"L", b"x"])
def test_size_in_octal_alone_is_accepted(oracle: Oracle, flag: bytes) -> None:
    """Base 256 is for 8 GiB and more; what else Rust takes for a number, others do not."""
    contents = {b"5": b"", b"L": ROOT + b"b" * 200, b"x": record(b"path", ROOT + b"b")}
    member = Member(ROOT + b"a", contents.get(flag, b"x" * 9), flag)
    archives = [sized(member, size) + before(FILE) for size in SIZES]
    accepted = dict(zip(SIZES, compare(oracle, archives), strict=True))
    found = {size for size in SIZES if accepted[size]}
    assert found - SIZES_OF_OTHERS == SIZES_ACCEPTED


CHECKSUMS_ACCEPTED = {"usual", "to the end", "after spaces", "before nulls"}


def test_checksum_in_octal_alone_is_accepted(oracle: Oracle) -> None:
    """Rust knows no sum of signed bytes either, which very old tars wrote."""
    archives = [
        sealed(Member(ROOT + "ü".encode(), b"x").render(), checksum) + END for checksum in CHECKSUMS
    ]
    accepted = dict(zip(CHECKSUMS, compare(oracle, archives), strict=True))
    assert {checksum for checksum in CHECKSUMS if accepted[checksum]} == CHECKSUMS_ACCEPTED


EXTENSIONS = {
    b"L": ROOT + b"b" * 200 + b"\0",
    b"K": ROOT + b"b" * 200 + b"\0",
    b"x": record(b"path", ROOT + b"b" * 200),
}


@pytest.mark.parametrize("flag", EXTENSIONS)
def test_extension_needs_a_header_of_ustar_or_gnu(oracle: Oracle, flag: bytes) -> None:
    """To Rust it is a file like others where the header says neither."""
    archives = [
        before(FILE, Member(b"x", EXTENSIONS[flag], flag, magic=magic))
        for magic in (*MAGICS, *ODD_MAGICS)
    ]
    refused = flag == b"K"
    assert compare(oracle, archives) == [not refused] * 2 + [False] * (1 + len(ODD_MAGICS))


@pytest.mark.parametrize("magic", [*MAGICS, *ODD_MAGICS])
def test_prefix_belongs_to_the_path_in_a_header_of_ustar(oracle: Oracle, magic: bytes) -> None:
    """In others these bytes are something else."""
    prefixes = (b"", b"leaf-1.0.0", b"leaf-1.0.0/", b"p" * 155)
    members = (
        Member(path, prefix=prefix, magic=magic)
        for path in (b"", b"a", ROOT + b"a", b"a\\b", b"a" * 100)
        for prefix in prefixes
    )
    assert all(compare(oracle, (before(member) for member in members)))


@pytest.mark.parametrize("first", EXTENSIONS)
@pytest.mark.parametrize("second", EXTENSIONS)
def test_member_with_two_extensions_is_refused(oracle: Oracle, first: bytes, second: bytes) -> None:
    """Which of two names counts, and for which header a size, differs between versions of `tar`."""
    members = (Member(b"x", EXTENSIONS[flag], flag) for flag in (first, second))
    assert compare(oracle, [before(FILE, *members)]) == [False]


# Each of these headers stands before a file `a` of three bytes.
PAX_ACCEPTED = [
    record(b"path", ROOT + b"b"),
    record(b"path", ROOT + "ü".encode()),
    record(b"path", ROOT + b"b=c"),
    record(b"path", b""),
    record(b"path", b"\0"),
    record(b"path", b"\xff"),
    record(b"size", b"3"),
    record(b"size", b"03"),
    record(b"mtime", b"1.5") + record(b"path", ROOT + b"b"),
    record(b"comment", b"") + record(b"path", ROOT + b"b"),
    record(b"comment", b"a") + record(b"comment", b"b"),
    record(b"linkpath", b"elsewhere"),
    record(b"uid", b"x") + record(b"size", b"3"),
    record(b"PATH", b"b"),
    record(b"\xff", b"b") + record(b"size", b"3"),
    record(b"", b"b"),
    b"",
    b"8 a=bcd\n",
    b"09 a=bcd\n",
]
PAX_REFUSED = [
    record(b"path", ROOT + b"b") * 2,
    record(b"size", b"3") * 2,
    record(b"size", b"4"),
    record(b"size", b"0"),
    record(b"size", b"+3"),
    record(b"size", b" 3"),
    record(b"size", b"3\0"),
    record(b"size", b""),
    record(b"size", b"9" * 20),
    record(b"GNU.sparse.major", b"1"),
    record(b"GNU.sparse.realsize", b"9"),
    record(b"path", ROOT + b"b\nc"),
    record(b"path", ROOT + b"b\n"),
    record(b"pa\nth", ROOT + b"b"),
    record(b"comment", b"\n") + record(b"path", ROOT + b"b"),
    hidden(record(b"path", CARGO_TOML)),
    hidden(record(b"size", b"0")),
    hidden(b"nonsense") + record(b"path", ROOT + b"b"),
    b"\n" + record(b"path", ROOT + b"b"),
    record(b"path", ROOT + b"b") + b"\n",
    record(b"path", ROOT + b"b") + b"\0",
    record(b"path", ROOT + b"b")[:-1],
    record(b"path", ROOT + b"b")[:-1] + b"\0",
    b"+9 a=bcd\n",
    b" 9 a=bcd\n",
    b"9  a=bc",
    b"9 abcdef\n",
    b"7 a=bcd\n",
    b"10 a=bcd\n",
    b"0 a=bcd\n",
    b"-9 a=bcd\n",
    b"8\ta=bcd\n",
    b"x a=bcd\n",
]


def test_pax_header_of_plain_lines_is_accepted(oracle: Oracle) -> None:
    """Each line is a record, and its length is that of the line."""
    headers = (Member(b"pax", header, b"x") for header in PAX_ACCEPTED)
    accepted = compare(oracle, (before(FILE, header) for header in headers))
    assert [header for header, one in zip(PAX_ACCEPTED, accepted, strict=True) if not one] == []


def test_pax_header_of_other_than_plain_lines_is_refused(oracle: Oracle) -> None:
    """What is a record by its length and not by its line, or the other way, is not read by Rust."""
    headers = (Member(b"pax", header, b"x") for header in PAX_REFUSED)
    accepted = compare(oracle, (before(FILE, header) for header in headers))
    assert [header for header, one in zip(PAX_REFUSED, accepted, strict=True) if one] == []


@pytest.mark.parametrize(
    ("path", "header"),
    [
        # Only by its line the name is a record.
        (ROOT + b"notes.txt", hidden(record(b"path", CARGO_TOML))),
        # Rust stops at an empty line, and the name behind it is not seen.
        (CARGO_TOML, record(b"comment", b"\n") + record(b"path", ROOT + b"notes.txt")),
    ],
)
def test_manifest_cannot_be_hidden_from_the_registry(
    oracle: Oracle, path: bytes, header: bytes
) -> None:
    """Cargo would build with a manifest that neither the index nor a licence policy has seen."""
    archive = before(Member(path, OTHER), Member(b"pax", header, b"x"))
    (theirs,) = oracle.read_archives([archive])
    assert theirs is not None
    assert [one.content for one in theirs if one.path == CARGO_TOML] == [MANIFEST, OTHER]
    assert read_crate(archive) is None


@pytest.mark.parametrize(
    ("end", "accepted"),
    [
        (END, True),
        (bytes(BLOCK), True),
        (bytes(20 * BLOCK), True),
        (b"", False),
        (bytes(1), False),
        (bytes(BLOCK - 1), False),
        (END + b"x", False),
        (END + FILE.render(), False),
        (bytes(BLOCK) + FILE.render() + END, False),
        (FILE.render()[:BLOCK], False),
        (FILE.render()[:-1], False),
    ],
)
def test_archive_ends_with_zeros(oracle: Oracle, end: bytes, accepted: bool) -> None:
    """Rust reads on to the end of a file without them, and never what is behind them."""
    assert compare(oracle, [manifest().render() + end]) == [accepted]


@pytest.mark.parametrize("magic", MAGICS)
def test_files_and_folders_alone_are_accepted(oracle: Oracle, magic: bytes) -> None:
    """Whatever else Rust makes of the type of a member, of a sparse file for example."""
    flags = [bytes([flag]) for flag in range(256)]
    members = (Member(ROOT + b"a", flag=flag, magic=magic) for flag in flags)
    accepted = compare(oracle, map(before, members))
    assert [flag for flag, one in zip(flags, accepted, strict=True) if one] == [b"\0", b"0", b"5"]


def test_second_manifest_is_refused(oracle: Oracle) -> None:
    """Rust has both, and the later one would lie on the disk."""
    archive = before(Member(CARGO_TOML, OTHER))
    assert compare(oracle, [archive]) == [True]
    assert read_crate(archive) is None


def compare_unpacked(oracle: Oracle, archives: Iterable[bytes], origin: Origin) -> list[bool]:
    """Compare what is read of crates from elsewhere with what cargo unpacks of them.

    Return for each whether it is read.
    """
    archives = list(archives)
    crates = [read_crate(archive, origin) for archive in archives]
    for crate, theirs in zip(crates, oracle.unpack_archives(archives, "leaf-1.0.0"), strict=True):
        if crate is not None and theirs is not None:
            kept = {b"Cargo.toml": crate.manifest}
            kept |= {path.encode(): content for path, content in crate.readmes.items()}
            assert kept == {path: theirs.get(path) for path in kept}
    return [crate is not None for crate in crates]


FROM_ELSEWHERE = pytest.mark.parametrize("origin", [Origin.IMPORTED, Origin.UPSTREAM])


@FROM_ELSEWHERE
@BATCHES
@given(archives=st.lists(made.archives() | made.linked_archives(), min_size=20, max_size=20))
def test_crate_from_elsewhere_is_read_as_it_lies_on_the_disk(
    oracle: Oracle, origin: Origin, archives: list[bytes]
) -> None:
    """Whatever it has been packed with: cargo builds with the manifest that a policy has read."""
    compare_unpacked(oracle, archives, origin)
    compare_unpacked(oracle, (manifest().render() + archive for archive in archives), origin)


UNPACKED = {
    "symbolic link": before(Member(ROOT + b"a", flag=b"2", link=b"Cargo.toml")),
    "hard link": before(Member(ROOT + b"a", flag=b"1", link=ROOT + b"Cargo.toml")),
    "link to a folder": before(Member(ROOT + b"tests", flag=b"2", link=b"../..")),
    "file instead of a link": before(
        FILE, Member(ROOT + b"a", flag=b"2", link=b"Cargo.toml"), Member(ROOT + b"a", OTHER)
    ),
    "long target": before(
        Member(ROOT + b"a", flag=b"2", link=b"b"),
        Member(b"x", b"b" * 200 + b"\0", b"K", magic=made.GNU),
    ),
    "long name and target": before(
        Member(ROOT + b"a", flag=b"2", link=b"b"),
        Member(b"x", b"b" * 200 + b"\0", b"K", magic=made.GNU),
        Member(b"x", ROOT + b"c" * 200 + b"\0", b"L", magic=made.GNU),
    ),
    "no end": manifest().render(),
    "half an end": manifest().render() + bytes(BLOCK),
    "more behind the end": manifest().render() + bytes(BLOCK) + Member(CARGO_TOML, OTHER).render(),
    "global header": before(Member(ROOT + b"pax", record(b"comment", b"x"), b"g")),
    "old folder": before(Member(ROOT + b"src/", magic=made.OLD)),
    "folder with content": before(Member(ROOT + b"src", b"x", b"5")),
    "contiguous file": before(Member(ROOT + b"a", b"x", b"7")),
    "unknown type": before(Member(ROOT + b"README", b"x", b"V")),
    "other case": before(Member(ROOT + b"cargo.toml", OTHER)),
}
ONLY_FROM_UPSTREAMS = {name for name in UNPACKED if "link" in name or "target" in name}


@FROM_ELSEWHERE
def test_what_cargo_unpacks_is_read(oracle: Oracle, origin: Origin) -> None:
    """Old archives have links, and no end marker; crates.io refuses the links today."""
    unpacked = oracle.unpack_archives(UNPACKED.values(), "leaf-1.0.0")
    assert [name for name, files in zip(UNPACKED, unpacked, strict=True) if files is None] == []
    read = compare_unpacked(oracle, UNPACKED.values(), origin)
    refused = {name for name, is_read in zip(UNPACKED, read, strict=True) if not is_read}
    assert refused == (ONLY_FROM_UPSTREAMS if origin is Origin.IMPORTED else set())


REPLACED = {
    "behind a link to the root": [
        Member(ROOT + b"src", flag=b"2", link=b"."),
        Member(ROOT + b"src/Cargo.toml", OTHER),
    ],
    "behind a link in another case": [
        Member(ROOT + b"SRC", flag=b"2", link=b"."),
        Member(ROOT + b"src/Cargo.toml", OTHER),
    ],
    "link instead of the manifest": [
        Member(ROOT + b"a", OTHER),
        Member(CARGO_TOML, flag=b"2", link=b"a"),
    ],
    "hard link instead of the manifest": [
        Member(ROOT + b"a", OTHER),
        Member(CARGO_TOML, flag=b"1", link=ROOT + b"a"),
    ],
    "link in another case": [
        Member(ROOT + b"a", OTHER),
        Member(ROOT + b"cargo.toml", flag=b"2", link=b"a"),
    ],
}


@FROM_ELSEWHERE
@pytest.mark.parametrize("members", REPLACED.values(), ids=REPLACED)
def test_manifest_is_not_replaced_by_links(origin: Origin, members: list[Member]) -> None:
    """Otherwise cargo would build with a manifest that nobody has read."""
    archive = b"".join(one.render() for one in (manifest(), *members)) + END
    assert read_crate(archive, origin) is None
    # Nor if the link comes first, and the manifest that is read after it.
    assert read_crate(b"".join(one.render() for one in members) + archive, origin) is None
