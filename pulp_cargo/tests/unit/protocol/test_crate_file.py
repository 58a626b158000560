"""Reading a .crate file [77-86]."""

import gzip
import io
import itertools
import os
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.crate_file import CrateFile, Limits, Origin, read_crate_file
from pulp_cargo.protocol.errors import InvalidCrateFile, RegistryError
from pulp_cargo.protocol.gzip_stream import GzipStream
from pulp_cargo.protocol.tar import TarReader
from pulp_cargo.tests.unit.protocol.archives import (
    BLOCK,
    END,
    MANIFEST,
    Member,
    crate,
    long_name,
    manifest,
    packed,
    pax,
    pax_record,
    tar,
)
from pulp_cargo.tests.unit.protocol.properties import QUICK

LIMITS = Limits(unpacked_bytes=1024 * 1024, entries=50, manifest_bytes=1000, readme_bytes=1000)
MEBIBYTE = 1024 * 1024


def read(file: io.BytesIO, limits: Limits = LIMITS, wanted: str | None = None) -> CrateFile:
    return read_crate_file(file, name="leaf", vers="1.0.0", limits=limits, wanted=wanted)


def entries(file: io.BytesIO, limits: Limits = LIMITS) -> int:
    """Return how many entries a .crate file has that is accepted."""
    read(file, limits)
    file.seek(0)
    return sum(1 for _ in TarReader(GzipStream(file, limits.unpacked_bytes)))


def file(path: str, content: bytes = b"", **values: object) -> Member:
    return Member(f"leaf-1.0.0/{path}".encode(), content, **values)


def test_crate_file_of_cargo():
    """Manifest and readme are kept, the rest is counted."""
    found = read(crate(file("README.md", b"# hi"), file("src/lib.rs", b"//" * 500)))
    assert (found.manifest, found.root) == (MANIFEST, "leaf-1.0.0")
    assert found.readme("./README.md") == found.readme("README.md") == b"# hi"
    assert found.readme("other.md") is found.readme(None) is None


@pytest.mark.parametrize(
    "members",
    [
        [Member(b"leaf-1.0.0/", flag=b"5"), file("src/", flag=b"5"), file("src/a")],
        [long_name(b"leaf-1.0.0/" + b"a" * 200), file("cut short")],
        [pax(path="leaf-1.0.0/ü" + "a" * 200), file("cut short")],
        [pax(mtime="1.5", size="3"), file("a", b"abc")],
        [Member(b"a.rs", prefix=b"leaf-1.0.0/src")],
        [file("old", flag=b"\0", magic=b"")],
        [file("gnu", magic=b"ustar  \0")],
        [file("sub/Cargo.toml"), file("Cargo.toml.orig"), file("Cargo.lock")],
        [file(".cargo_vcs_info.json"), file("...x"), file("a b"), file("ü"), file("con-tools")],
        [file("console.rs"), file("com10"), file("x.con")],
        [file("README.md"), file("readme.md"), file("Readme")],
        [file("docs/A"), file("docs/a"), file("Docs/a")],
    ],
)
def test_ordinary_archives_are_accepted(members):
    """Directory entries (86), GNU long names and pax local headers (85), odd but safe names."""
    assert read(crate(*members)).manifest == MANIFEST


def test_long_name_is_the_name():
    """The name from an extension counts, also for the manifest."""
    for extension in (long_name(b"leaf-1.0.0/Cargo.toml"), pax(path="leaf-1.0.0/Cargo.toml")):
        unpacked = tar(extension, Member(b"leaf-1.0.0/x", MANIFEST))
        assert read(packed(unpacked)).manifest == MANIFEST


def test_fields_of_a_name_may_be_full() -> None:
    """They have 100 and 155 bytes; what stands behind them is no part of the name."""
    name = "README".ljust(89, "x")
    assert read(crate(file(name, b"hi"))).readmes == {name: b"hi"}
    folder = "a" * 144
    full = Member(b"README", b"hi", prefix=f"leaf-1.0.0/{folder}X".encode())
    assert read(crate(full), wanted=f"{folder}/README").readmes == {f"{folder}/README": b"hi"}


def test_longest_path() -> None:
    """It has 1024 bytes, the root included."""
    assert entries(crate(long_name(b"leaf-1.0.0/".ljust(1024, b"a")), file("a"))) == 2
    with pytest.raises(InvalidCrateFile, match="is longer than 1024 bytes"):
        read(crate(long_name(b"leaf-1.0.0/".ljust(1025, b"a")), file("a")))


@pytest.mark.parametrize("path", ["leaf-1.0.0/../a", "other-1.0.0/a", "leaf-1.0.0/nul"])
def test_long_name_is_as_safe_as_any_other(path: str) -> None:
    """The rules for paths are about the one that counts, and the one that is cut short does not."""
    for extension in (long_name(path.encode()), pax(path=path)):
        with pytest.raises(InvalidCrateFile, match="the path"):
            read(crate(extension, file("a")))


def test_most_bytes_of_all_extensions(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are counted from the first to the last, and may have just as many."""
    named = [long_name(b"leaf-1.0.0/first"), file("a"), long_name(b"leaf-1.0.0/second"), file("b")]
    monkeypatch.setattr("pulp_cargo.protocol.tar._MOST_EXTENSION_BYTES", 35)
    assert entries(crate(*named)) == 3
    monkeypatch.setattr("pulp_cargo.protocol.tar._MOST_EXTENSION_BYTES", 34)
    with pytest.raises(InvalidCrateFile) as error:
        read(crate(*named))
    assert str(error.value) == "the crate file has more than 34 bytes of tar extensions"


def test_most_bytes_of_all_paths(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of the manifest has 21 of them, and those of the others 12 and 13."""
    paths = crate(file("a"), file("bc")).getvalue()
    monkeypatch.setattr("pulp_cargo.protocol.crate_file.MOST_PATH_BYTES", 46)
    assert entries(io.BytesIO(paths)) == 3
    monkeypatch.setattr("pulp_cargo.protocol.crate_file.MOST_PATH_BYTES", 45)
    with pytest.raises(InvalidCrateFile) as error:
        read(io.BytesIO(paths))
    assert str(error.value) == "the paths in the crate file have more than 45 bytes in total"


def test_largest_extension() -> None:
    """It has 64 KiB; a comment may be that long, and a path is limited on its own."""
    assert entries(crate(pax(comment="x" * (64 * 1024 - 15)), file("a"))) == 2
    with pytest.raises(InvalidCrateFile, match="tar extension of 65537 bytes"):
        read(crate(pax(comment="x" * (64 * 1024 - 14)), file("a")))


@pytest.mark.parametrize(
    "path",
    [
        "other-1.0.0/a",
        "leaf-1.0.1/a",
        "Leaf-1.0.0/a",
        "leaf-1.0.0",
        "a",
        "/leaf-1.0.0/a",
        "",
        "./leaf-1.0.0/a",
        "leaf-1.0.0/../a",
        "leaf-1.0.0/a/..",
        "leaf-1.0.0/./a",
        "leaf-1.0.0//a",
        "leaf-1.0.0/a/",
        "leaf-1.0.0/a\\b",
        "leaf-1.0.0/a.",
        "leaf-1.0.0/a ",
        "leaf-1.0.0/a./b",
        "leaf-1.0.0/C:/a",
        "leaf-1.0.0/c:a",
        "leaf-1.0.0/:w",
        "leaf-1.0.0/src/lib.rs:x",
        "leaf-1.0.0/Cargo.toml::$DATA",
        "leaf-1.0.0/a?b",
        "leaf-1.0.0/a*/b",
        "leaf-1.0.0/a<b>",
        "leaf-1.0.0/a|b",
        'leaf-1.0.0/a"b',
        "leaf-1.0.0/a\x1b[2J",
        "leaf-1.0.0/a\nb",
        "leaf-1.0.0/a\x7f",
        "leaf-1.0.0/nul",
        "leaf-1.0.0/src/AUX.rs",
        "leaf-1.0.0/com1/a",
        "leaf-1.0.0/lpt9 .txt",
        "leaf-1.0.0/cargo.toml",
        "leaf-1.0.0/CARGO.TOML",
        "leaf-1.0.0/Cargo.toml",
    ],
)
def test_unsafe_path_is_refused(path):
    """Another top folder, absolute, `./`-prefixed, with `..` (79), and what Windows cannot have."""
    with pytest.raises(InvalidCrateFile):
        read(crate(Member(path.encode())))


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("leaf-1.0.0//a", "has an empty component"),
        ("leaf-1.0.0/a/", "has an empty component"),
        ("/leaf-1.0.0/a", "has an empty component"),
        ("leaf-1.0.0/./a", "has a component `.` or `..`"),
        ("leaf-1.0.0/../a", "has a component `.` or `..`"),
        ("leaf-1.0.0/a/..", "has a component `.` or `..`"),
        ("leaf-1.0.0/a\nb", "has a control character"),
        ("leaf-1.0.0/a\\b", "has a backslash"),
        ("leaf-1.0.0/a.", "has a component that ends in a dot or space"),
        ("leaf-1.0.0/a /b", "has a component that ends in a dot or space"),
        ("leaf-1.0.0/C:/a", "has a drive letter"),
        (
            "leaf-1.0.0/a?b",
            'has one of the characters `<>:"|?*`, which Windows does not allow in names',
        ),
        ("leaf-1.0.0/src/AUX.rs", "names a Windows device"),
        ("leaf-1.0.0/a\0b", "has a NUL character"),
    ],
)
def test_fault_of_a_path_is_told(path: str, fault: str) -> None:
    """With the whole path, since whoever packed it has to find it."""
    with pytest.raises(InvalidCrateFile) as error:
        read(crate(long_name(path.encode()), file("a")))
    assert str(error.value) == f"the path {path!r} in the crate file {fault}"


def test_path_that_is_no_text_is_refused() -> None:
    """Non-UTF-8 path: 400 (84)."""
    with pytest.raises(InvalidCrateFile) as error:
        read(crate(long_name(b"leaf-1.0.0/\xff"), file("a")))
    assert str(error.value) == r"the path b'leaf-1.0.0/\xff' in the crate file is not UTF-8"


@pytest.mark.parametrize(
    "paths",
    [
        ("a", "a"),
        ("a.rs", "A.rs"),
        ("src/a.RS", "SRC/A.rs"),
        ("ß.rs", "SS.rs"),
        ("a.toml", "A.TOML"),
        ("a", "a/b"),
        ("a/b", "a"),
        ("a/b/c", "a/b"),
    ],
)
def test_two_files_at_one_path_are_refused(paths):
    """On Windows and macOS letter case makes no other path, and the last source would be built."""
    with pytest.raises(InvalidCrateFile, match="twice"):
        read(crate(*(file(path) for path in paths)))


@pytest.mark.parametrize(
    ("flag", "kind"),
    [
        (b"1", "a hard link"),
        (b"2", "a symbolic link"),
        (b"3", "a character device"),
        (b"4", "a block device"),
        (b"6", "a FIFO"),
        (b"7", "a contiguous file"),
        (b"K", "the long target of a link"),
        (b"S", "a sparse file"),
        (b"g", "a pax header for the whole archive"),
        (b"V", "an entry of type b'V'"),
        (b"?", "an entry of type b'?'"),
        (b"X", "an entry of type b'X'"),
    ],
)
def test_anything_but_files_and_folders_is_refused(flag: bytes, kind: str) -> None:
    """Symlink, hard link, device, FIFO, sparse, pax global, unknown type: 400 (80)."""
    with pytest.raises(InvalidCrateFile) as error:
        read(crate(file("a", flag=flag)))
    assert str(error.value) == f"'leaf-1.0.0/a' in the crate file is {kind}; only files are allowed"


@pytest.mark.parametrize(
    "members",
    [
        [pax(size="4"), file("a", b"abc")],
        [pax(size="x"), file("a", b"abc")],
        [pax(size="-3"), file("a", b"abc")],
        [pax(size=""), file("a", b"abc")],
        [Member(b"p", b"9 size=3\n9 size=3\n", b"x"), file("a", b"abc")],
        [pax(path="leaf-1.0.0/b"), long_name(b"leaf-1.0.0/c"), file("a")],
        [long_name(b"leaf-1.0.0/b"), long_name(b"leaf-1.0.0/c"), file("a")],
        [pax(**{"GNU.sparse.major": "1"}), file("a")],
        [Member(b"p", b"nonsense", b"x"), file("a")],
        [Member(b"p", b"99 a=b\n", b"x"), file("a")],
        [Member(b"p", b"0 a=b\n", b"x"), file("a")],
        [Member(b"p", b"5 ab\n", b"x"), file("a")],
        [Member(b"p", b"a" * 70_000, b"L"), file("a")],
        [long_name(b"leaf-1.0.0/" + b"a" * 1024), file("a")],
        [file("a", b"abc", size=b"100000000003")],
        [file("a", size=b"\x80" + bytes(11))],
        [file("a", size=b"77777777777\0")],
        [file("a", b"abc", flag=b"5")],
    ],
)
def test_ambiguous_tar_is_refused(members):
    """Contradictory pax size (85), two names for one entry, damaged headers: 400."""
    with pytest.raises(InvalidCrateFile):
        read(crate(*members))


@pytest.mark.parametrize(
    "content",
    [
        pax_record("comment", "x\n30 path=leaf-1.0.0/Cargo.toml"),
        pax_record("comment", "\n") + pax_record("path", "leaf-1.0.0/b"),
        pax_record("path", "leaf-1.0.0/b\nc"),
        pax_record("pa\nth", "leaf-1.0.0/b"),
        pax_record("path", "leaf-1.0.0/b") + b"\n",
        pax_record("path", "leaf-1.0.0/b") + b"\0",
        pax_record("path", "leaf-1.0.0/b")[:-1],
        pax_record("path", "leaf-1.0.0/b")[:-1] + b"\0",
        b"+9 a=bcd\n",
    ],
)
def test_pax_record_that_is_not_one_line_is_refused(content):
    """Rust reads lines where POSIX reads lengths, so cargo could unpack another manifest."""
    with pytest.raises(InvalidCrateFile, match="damaged pax header"):
        read(crate(Member(b"p", content, b"x"), file("a")))


@pytest.mark.parametrize("flag", [b"L", b"x"])
@pytest.mark.parametrize("magic", [b"", b"ustar\0", b"ustar 00", b"ustar\0 \0"])
def test_extension_in_an_old_header_is_refused(flag, magic):
    """To Rust it is an ordinary file, and the name in it says nothing about the next one."""
    content = {b"L": b"leaf-1.0.0/b\0", b"x": pax_record("path", "leaf-1.0.0/b")}[flag]
    with pytest.raises(InvalidCrateFile, match="neither ustar nor GNU"):
        read(crate(Member(b"leaf-1.0.0/x", content, flag, magic=magic), file("a")))


def test_file_has_at_most_one_extension():
    """What two of them mean together depends on the version of the reader."""
    for first, second in itertools.product([pax(size="0"), long_name(b"leaf-1.0.0/b")], repeat=2):
        with pytest.raises(InvalidCrateFile, match="two tar extensions for one file"):
            read(crate(first, second, file("a")))


def test_extension_without_a_file_is_refused():
    """Rust refuses the whole archive, so nobody could build with it."""
    for extension in (pax(mtime="1"), long_name(b"leaf-1.0.0/b")):
        with pytest.raises(InvalidCrateFile, match="no file after it"):
            read(crate(extension))


def test_most_records_of_a_pax_header():
    """Thousands of them would take more time than they have bytes."""
    record = pax_record("a", "b")
    assert entries(crate(Member(b"p", record * 32, b"x"), file("a"))) == 2
    with pytest.raises(InvalidCrateFile, match="33 records"):
        read(crate(Member(b"p", record * 33, b"x"), file("a")))


def test_size_that_is_no_number_is_refused() -> None:
    """The field is octal digits and what pads them."""
    with pytest.raises(InvalidCrateFile, match="tar header with size b'notanumber00'"):
        read(crate(file("a", size=b"notanumber00")))


@pytest.mark.parametrize(
    ("at", "written", "said"),
    [
        (0, b"L", "damaged tar header"),
        (148, b"000001\0 ", "damaged tar header"),
        (148, b"1", "damaged tar header"),
        (148, b"00008\0 ", r"tar header with checksum b'00008"),
    ],
)
def test_header_is_that_of_its_checksum(at: int, written: bytes, said: str) -> None:
    """Each of its bytes counts, and each digit of the checksum."""
    header = bytearray(file("a").render())
    header[at : at + len(written)] = written
    with pytest.raises(InvalidCrateFile, match=said):
        read(packed(manifest().render() + bytes(header) + END))


def test_archive_without_manifest_is_refused():
    """No Cargo.toml in the root: 400 (81); deeper down it is an ordinary file."""
    with pytest.raises(InvalidCrateFile, match=r"no `Cargo.toml`"):
        read(packed(tar(file("sub/Cargo.toml"))))


def test_manifest_has_one_spelling() -> None:
    """Cargo on Windows would find another one, and nobody else would."""
    with pytest.raises(InvalidCrateFile, match=r"called 'Cargo\.toml', not 'cargo\.toml'"):
        read(packed(tar(file("cargo.toml", MANIFEST))))


@pytest.mark.parametrize("cut", [0, 1, 511, 512, 513, 1023, 1024])
def test_truncated_tar_is_refused(cut):
    """The archive must reach its end mark."""
    with pytest.raises(InvalidCrateFile, match="middle of its tar"):
        read(packed(manifest().render()[:cut]))


def test_entries_behind_the_end_are_refused():
    """Readers differ in whether they see them."""
    for hidden in (file("hidden").render(), bytes(BLOCK) + b"X" * BLOCK):
        with pytest.raises(InvalidCrateFile, match="after the end of its tar"):
            read(packed(tar(manifest()) + hidden))


def test_padding_behind_the_end_is_accepted():
    """Tar itself fills its last record with zeros."""
    assert entries(packed(tar(manifest()) + bytes(10_000))) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x1f",
        b"not gzip",
        tar(manifest()),
        gzip.compress(b""),
        zlib.compress(tar(manifest())),
    ],
    ids=["empty", "one byte", "text", "plain tar", "gzip of nothing", "zlib"],
)
def test_file_that_is_no_crate_is_refused(data):
    """Not gzip: 400 (77)."""
    with pytest.raises(InvalidCrateFile):
        read(io.BytesIO(data))


def test_damaged_gzip_is_refused():
    """Truncated gzip (77), bad checksum, a second member, bytes behind the end."""
    whole = crate().getvalue()
    damaged = [whole[:-1], whole[:-8], whole[: len(whole) // 2], whole + b"x", whole + whole]
    damaged += [whole[:-8] + bytes(4) + whole[-4:], whole[:-1] + b"\x7f"]
    for data in damaged:
        with pytest.raises(InvalidCrateFile, match="gzip"):
            read(io.BytesIO(data))


def test_gzip_bomb_ends_at_the_limit():
    """gzip bomb: 400 in bounded time, memory and disk (78)."""
    inflate = zlib.compressobj(wbits=31)
    data = inflate.compress(manifest().render() + file("z", size=b"00400000000\0").render())
    data += b"".join(inflate.compress(bytes(MEBIBYTE)) for _ in range(64)) + inflate.flush()
    bomb = io.BytesIO(data)
    tracemalloc.start()
    with pytest.raises(InvalidCrateFile, match="unpacks to 33554432 bytes or more"):
        read(bomb, Limits(unpacked_bytes=32 * MEBIBYTE, entries=10))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MEBIBYTE


def test_limits_are_told():
    """Hitting the size exactly is an error for cargo as well; an entry too many is one."""
    size = 2 * BLOCK + len(END)
    assert entries(crate(), Limits(unpacked_bytes=size + 1, entries=1)) == 1
    with pytest.raises(InvalidCrateFile, match=f"{size} bytes or more"):
        read(crate(), Limits(unpacked_bytes=size, entries=1))
    with pytest.raises(InvalidCrateFile, match="more than 1 entries"):
        read(crate(file("a")), Limits(unpacked_bytes=MEBIBYTE, entries=1))
    with pytest.raises(InvalidCrateFile, match="1001 bytes, more than 1000"):
        read(packed(tar(manifest(b"#" * 1001))))
    assert len(read(packed(tar(manifest(b"#" * 1000)))).manifest) == 1000


def test_file_unpacks_to_no_more_than_so_many_times_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its size is what is left of it where reading starts."""
    monkeypatch.setattr("pulp_cargo.protocol.crate_file.SMALL_UNPACKED_BYTES", 0)
    data = crate(file("zeros", bytes(MEBIBYTE))).getvalue()
    within = io.BytesIO(bytes(1000) + data)
    within.seek(1000)
    large = Limits(unpacked_bytes=2**30, entries=10)
    for opened in (io.BytesIO(data), within):
        with pytest.raises(InvalidCrateFile) as error:
            read(opened, large)
        assert str(error.value) == (
            f"the crate file unpacks to {200 * len(data)} bytes or more, which is the limit"
        )
    monkeypatch.setattr("pulp_cargo.protocol.crate_file.SMALL_UNPACKED_BYTES", 2 * MEBIBYTE)
    assert entries(io.BytesIO(data), large) == 2


def test_folders_without_entries_are_counted():
    """Deep paths name folders that have no entry; they are limited all the same."""
    deep = [Member(b"leaf-1.0.0/%d/" % n + b"a/" * 30 + b"x") for n in range(2)]
    with pytest.raises(InvalidCrateFile, match="more than 50 folders"):
        read(crate(*deep))
    most, more = (long_name(b"leaf-1.0.0/" + b"a/" * levels + b"x") for levels in (50, 51))
    assert entries(crate(most, file("cut short"), file("a/x"))) == 3
    with pytest.raises(InvalidCrateFile, match="more than 50 folders"):
        read(crate(more, file("cut short")))


def test_readmes_are_kept_within_their_budget():
    """A readme that is too large is left out, and does not stop the publish."""
    large, wanted = file("README", b"x" * 1001), file("docs/Intro.md", b"hi")
    found = read(crate(large, wanted, file("readme.txt", b"y" * 999)), wanted="docs/Intro.md")
    assert found.readmes == {"docs/Intro.md": b"hi"}
    parts = [file("README", b"x" * 500), file("readme.a", b"y" * 499), file("readme.b", b"zz")]
    assert list(read(crate(*parts)).readmes) == ["README", "readme.a"]
    assert list(read(crate(*parts, file("readme.c", b"z"))).readmes)[2:] == ["readme.c"]


def test_readmes_are_files_in_the_root() -> None:
    """What lies in a folder is one only if the manifest says so."""
    assert read(crate(file("readme/", flag=b"5"), file("readme/a", b"hi"))).readmes == {}


def test_root_of_an_unknown_crate_is_its_first_folder():
    """For an import the file itself must say which crate it is; the manifest has to agree."""
    with pytest.raises(InvalidCrateFile, match=r"not below `leaf-1\.0\.0/`"):
        read(packed(tar(Member(b"leaf-1.0.1/Cargo.toml", MANIFEST))))
    assert read_crate_file(crate(), name="leaf", vers=None, limits=LIMITS).root == "leaf-1.0.0"
    found = read_crate_file(crate(), name=None, vers=None, limits=LIMITS)
    found.require_root_of("leaf", "1.0.0")
    deep = packed(tar(file("src/bin/a.rs"), manifest()))
    assert read_crate_file(deep, name=None, vers=None, limits=LIMITS).root == "leaf-1.0.0"
    with pytest.raises(InvalidCrateFile, match=r"`leaf-1\.0\.0`.*`leaf-1\.0\.1`"):
        found.require_root_of("leaf", "1.0.1")
    with pytest.raises(InvalidCrateFile, match=r"not below `leaf-1\.0\.0/`"):
        read_crate_file(crate(Member(b"b/a")), name=None, vers=None, limits=LIMITS)


def test_content_passes_chunk_borders():
    """Files larger than any buffer are read and passed over whole."""
    noise = os.urandom(300_000)
    found = read(crate(file("noise", noise), file("README.md", b"end")))
    assert found.readme("README.md") == b"end"
    large = Limits(unpacked_bytes=MEBIBYTE, entries=9, readme_bytes=MEBIBYTE)
    assert read(crate(file("README.md", noise)), large).readme("README.md") == noise


class InPieces(io.BytesIO):
    """A file of which nobody may read much at once."""

    def read(self, size: int | None = -1) -> bytes:
        """Return the next bytes, of which there may be more than memory has."""
        assert size is not None and 0 < size <= 64 * 1024
        return super().read(size)


def test_file_is_read_in_pieces() -> None:
    """Many uploads are read at the same time."""
    noise = file("noise", os.urandom(300_000))
    assert entries(InPieces(crate(noise).getvalue())) == 2


def test_stream_tells_how_much_was_there() -> None:
    """Who reads on at its end gets less than was asked for."""
    stream = GzipStream(packed(b"0123456789"), limit=100)
    assert (stream.read(2), stream.skip(3), stream.read(2)) == (b"01", 3, b"56")
    assert (stream.skip(9), stream.skip(1), stream.read(1)) == (3, 0, b"")


@QUICK
@given(st.data())
def test_mutated_archive_is_read_or_refused(data):
    """Nothing but a RegistryError comes of damage, inside and outside of the gzip."""
    members = [manifest(), pax(path="leaf-1.0.0/b"), file("a", b"abc"), long_name(b"leaf-1.0.0/c")]
    unpacked = bytearray(tar(*members, file("d")))
    for at in data.draw(st.lists(st.integers(0, len(unpacked) - 1), max_size=3)):
        unpacked[at] = data.draw(st.integers(0, 255))
    mutated = bytearray(packed(bytes(unpacked)).getvalue())
    for at in data.draw(st.lists(st.integers(0, len(mutated) - 1), max_size=2)):
        mutated[at] = data.draw(st.integers(0, 255))
    try:
        assert entries(io.BytesIO(mutated))
    except RegistryError as error:
        assert str(error)


@pytest.mark.parametrize(
    "members",
    [
        [file("README.md"), file("readme.md")],
        [file("cargo.toml", b"[other]")],
        [file("a"), file("a")],
        [file("src/lib.rs:x"), file("nul"), file("a."), file("C:/x")],
        [Member(b"leaf-1.0.0//src/./lib.rs")],
    ],
)
def test_what_cargo_unpacks_is_read_where_it_was_published_elsewhere(members: list[Member]) -> None:
    """The rules of today's publishing are not those of another registry, years ago."""
    found = read_crate_file(
        crate(*members), name="leaf", vers="1.0.0", limits=LIMITS, origin=Origin.UPSTREAM
    )
    assert found.manifest == MANIFEST


@pytest.mark.parametrize(
    "path",
    [
        "leaf-1.0.0/README.md",
        "leaf-1.0.0//README.md",
        "leaf-1.0.0/./README.md",
        "leaf-1.0.0/.//./README.md",
    ],
)
def test_path_elsewhere_is_what_cargo_makes_of_it(path: str) -> None:
    """To Rust's `Path` an empty component is none, and neither is one dot."""
    file = crate(Member(path.encode(), b"hi"))
    found = read_crate_file(file, name="leaf", vers="1.0.0", limits=LIMITS, origin=Origin.UPSTREAM)
    assert found.readmes == {"README.md": b"hi"}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("leaf-1.0.0/../x", "the path 'leaf-1.0.0/../x' in the crate file leads out of its folder"),
        ("leaf-1.0.0/x/..", "the path 'leaf-1.0.0/x/..' in the crate file leads out of its folder"),
        ("/leaf-1.0.0/x", "the path '/leaf-1.0.0/x' in the crate file leads out of its folder"),
        ("./leaf-1.0.0/x", "the path './leaf-1.0.0/x' in the crate file begins with `./`"),
        ("other/x", "the path 'other/x' in the crate file is not below `leaf-1.0.0/`"),
        ("leaf-1.0.0/Cargo.toml", "the crate file has 'Cargo.toml' twice"),
    ],
)
def test_what_cargo_does_not_unpack_is_read_nowhere(path: str, said: str) -> None:
    """And of two manifests it is not known which one is built."""
    with pytest.raises(InvalidCrateFile) as error:
        read_crate_file(
            crate(Member(path.encode())),
            name="leaf",
            vers="1.0.0",
            limits=LIMITS,
            origin=Origin.UPSTREAM,
        )
    assert str(error.value) == said


@pytest.mark.parametrize("origin", [Origin.IMPORTED, Origin.UPSTREAM])
@pytest.mark.parametrize(
    "path",
    [
        "Cargo.toml.",
        "Cargo.toml ",
        "cargo.toml. .",
        "Cargo.toml::$DATA",
        "Cargo.toml:x",
        ".\\Cargo.toml",
        "\\Cargo.toml",
        "./.\\CARGO.TOML",
        "CARGO~1.TOM",
        "ca12ab~1.tom",
        "Cargo\u200c.toml",
        "\ufeffCargo.toml",
    ],
)
def test_other_name_of_the_manifest_is_refused_wherever_it_is_from(
    origin: Origin, path: str
) -> None:
    """On Windows or macOS it would replace the manifest that is read here."""
    with pytest.raises(InvalidCrateFile) as error:
        read_crate_file(
            crate(file(path, b"[other]")), name="leaf", vers="1.0.0", limits=LIMITS, origin=origin
        )
    shown = path.removeprefix("./")
    assert str(error.value) == (
        f"{shown!r} in the crate file is another name of `Cargo.toml` on Windows or macOS"
    )


@pytest.mark.parametrize("origin", [Origin.IMPORTED, Origin.UPSTREAM])
@pytest.mark.parametrize(
    "path",
    ["Cargo.toml.orig", "src/Cargo.toml.", "src\\Cargo.toml", "Cargo~1", "x~1.tom", "a.Cargo.toml"],
)
def test_other_file_does_not_replace_the_manifest(origin: Origin, path: str) -> None:
    """Its name is another on each system."""
    crates = crate(file(path, b"[other]"))
    found = read_crate_file(crates, name="leaf", vers="1.0.0", limits=LIMITS, origin=origin)
    assert found.manifest == MANIFEST


LINKED = [file("LICENSE", flag=b"2", link=b"../LICENSE"), file("README.md", flag=b"1", link=b"x")]


def test_links_are_passed_over_in_what_an_upstream_has() -> None:
    """Cargo unpacks them, so a licence counts; crates.io would not take them today."""
    found = read_crate_file(
        crate(file("README.md", b"hi"), *LINKED),
        name="leaf",
        vers="1.0.0",
        limits=LIMITS,
        origin=Origin.UPSTREAM,
    )
    # The text is not the one that is left on the disk.
    assert (found.manifest, found.readmes) == (MANIFEST, {})
    for link in LINKED:
        with pytest.raises(InvalidCrateFile, match="is a link; only files are allowed"):
            read_crate_file(
                crate(link), name="leaf", vers="1.0.0", limits=LIMITS, origin=Origin.IMPORTED
            )


def test_folders_behind_links_are_limited() -> None:
    """A few deep paths could mean millions of folders, each of which is compared with the links."""
    deep = long_name(b"leaf-1.0.0/" + b"a/" * 400 + b"a")
    with pytest.raises(InvalidCrateFile, match="more than 50 folders"):
        read_crate_file(
            crate(LINKED[0], deep, file("a")),
            name="leaf",
            vers="1.0.0",
            limits=LIMITS,
            origin=Origin.UPSTREAM,
        )


@pytest.mark.parametrize(
    "members",
    [
        [
            member
            for number in range(6_000)
            for member in (long_name(b"leaf-1.0.0/" + b"a/" * 400 + b"%d" % number), file("a"))
        ],
        [
            member
            for number in range(70)
            for member in (pax(comment="x" * 65_000), file(f"{number}"))
        ],
        [file("zeros", bytes(64 * 1024 * 1024))],
    ],
    ids=["paths", "extensions", "zeros"],
)
def test_cost_is_bounded_by_what_was_sent(members: list[Member]) -> None:
    """Each of these is some ten thousand bytes when it is packed."""
    large = Limits(unpacked_bytes=2**30, entries=20_000)
    with pytest.raises(InvalidCrateFile, match=r"(more than|or more)"):
        read(crate(*members), large)
