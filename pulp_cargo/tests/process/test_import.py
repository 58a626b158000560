"""Archives of crates: what tools write into them, how much they may hold, and what is refused."""

import contextlib
import gzip
import io
import os
import shutil
import subprocess
import tarfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.support.tarball import (
    END,
    FIFO,
    HARD_LINK,
    LONG_NAME,
    PAX,
    PAX_GLOBAL,
    SPARSE,
    SYMLINK,
    Entry,
)
from pulp_cargo.tests.unit.protocol.properties import QUICK

MIB = 1024 * 1024
DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_archive_has_a_limit(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the bytes that it unpacks to, which the sentence names."""
    from pulp_cargo.app.services.imports import crate_archive

    def read(size: int) -> int:
        file = archive([("a.crate", bytes(size))])
        stream = io.BytesIO(gzip.compress(file) if packed else file)
        return len(list(crate_archive.archive_files(stream)))

    # What tarfile writes has a multiple of 10,240 bytes.
    monkeypatch.setattr(crate_archive, "MOST_BYTES", 20_480)
    assert read(5_000) == 1
    with pytest.raises(BadRequest, match=r"archive .* 20480"):
        read(15_000)


def test_documents_name_the_limits() -> None:
    """Who has more has to know before the upload."""
    from pulp_cargo.app.services.imports import crate_archive, folder

    assert (crate_archive.MOST_FILES, crate_archive.MOST_ENTRIES) == (10_000, 200_000)
    assert crate_archive.MOST_BYTES == 8 * 1024**3
    guide = (DOCS / "user" / "guides" / "import.md").read_text()
    assert "at most 10,000 `.crate` files" in guide and "unpack to less than 8 GiB" in guide
    assert (folder.MOST_FILES, folder.MOST_ENTRIES) == (100_000, 1_000_000)
    settings = (DOCS / "admin" / "reference" / "settings.md").read_text()
    assert "10,000 `.crate` files, 200,000 files and folders, and less than 8 GiB" in settings
    assert "100,000 `.crate` files, and 1,000,000 files and folders" in settings


def contents(file: bytes) -> dict[str, bytes]:
    """Return the readable files of an archive by their paths."""
    from pulp_cargo.app.services.imports import crate_archive

    found = crate_archive.archive_files(io.BytesIO(file))
    return {one.path: one.content() for one in found if one.fault is None}


# In a folder, with a path that no header has room for, and with one that is no ASCII.
LONG = f"crates/{'deep/' * 30}b.crate"
FILES = {"a.crate": b"a" * 1000, "crates/empty.crate": b"", LONG: b"b" * 512, "ü.crate": b"c"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with .crate files, and nothing else."""
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", ["gnu", "oldgnu", "pax", "posix", "ustar"])
def test_archive_of_gnu_tar_is_read(folder: Path, form: str, packed: bool) -> None:
    """In whatever form, with the folders and times that it writes into it."""
    command = ["tar", "-C", folder, f"--format={form}", *["-z"] * packed, "-cf", "-", "."]
    found = contents(subprocess.check_output(command, env=os.environ | {"LC_ALL": "C.UTF-8"}))
    assert {path.removeprefix("./"): file for path, file in found.items()} == FILES


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_archive_of_python_is_read(folder: Path, form: int) -> None:
    """With pax records for the whole archive, where it may have those."""
    buffer = io.BytesIO()
    with tarfile.open(
        fileobj=buffer, mode="w", format=form, pax_headers={"comment": "made by a test"}
    ) as tar:
        tar.add(folder, arcname="all")
    found = contents(buffer.getvalue())
    assert {path.removeprefix("all/"): file for path, file in found.items()} == FILES


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")
@pytest.mark.parametrize("form", ["tar", "tar.gz"])
def test_archive_of_git_is_read(folder: Path, form: str) -> None:
    """It begins with a pax header for the whole archive, which names the commit."""
    git = ["git", "-C", folder, "-c", "user.name=me", "-c", "user.email=me@r.example"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *command], check=True)
    archived = subprocess.check_output([*git, "archive", f"--format={form}", "HEAD"])
    plain = gzip.decompress(archived) if form == "tar.gz" else archived
    assert plain[156:157] == tarfile.XGLTYPE
    assert contents(archived) == FILES


def test_archive_in_several_gzip_members_is_read() -> None:
    """Tools that use several processors write one for each part."""
    file = archive([("a.crate", b"a" * 5000)])
    assert contents(gzip.compress(file[:700]) + gzip.compress(file[700:])) == {
        "a.crate": b"a" * 5000
    }


GOOD = Entry(b"a.crate", b"a").packed()


def pax(*records: str) -> bytes:
    """Return the records of a pax header, with their lengths."""
    lines = []
    for record in records:
        length = len(record.encode()) + 2
        length += len(str(length + len(str(length))))
        lines.append(f"{length} {record}\n")
    return "".join(lines).encode()


def overlapping() -> bytes:
    """Return records each of which has the rest of the header as its key."""
    return b"2 " * 1000 + b"="


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (b"", "ends in the middle of its tar archive"),
        (GOOD, "ends in the middle of its tar archive"),
        (GOOD[:700], "ends in the middle of its tar archive"),
        (gzip.compress(GOOD + END)[:-9], "ends in the middle of its gzip data"),
        (gzip.compress(GOOD + END) + b"x", "is not valid gzip"),
        (b"\x1f\x8b" + bytes(100), "is not valid gzip"),
        (b"x" * 512 + END, "cannot be read: a header is damaged"),
        (GOOD + GOOD.replace(b"a", b"b", 1) + END, "cannot be read: a header is damaged"),
        (GOOD + END + GOOD + END, "has data after the end of its tar data"),
        (Entry(b"x", overlapping(), PAX).packed() + GOOD + END, "a damaged pax header"),
        (Entry(b"x", b"1" * MIB, PAX).packed() + GOOD + END, "a damaged pax header"),
        (Entry(b"x", b"9 path=a.", PAX).packed() + GOOD + END, "a damaged pax header"),
        (Entry(b"x", b"7 path\n", PAX).packed() + GOOD + END, "a damaged pax header"),
        (Entry(b"x", b"5 =a\n", PAX).packed() + GOOD + END, "a damaged pax header"),
        (Entry(b"x", b"99 x=y\n", PAX).packed() + GOOD + END, "a damaged pax header"),
        (
            Entry(b"x", pax("path=" + "n" * 5000), PAX).packed() + GOOD + END,
            "of 5011 bytes, or several of more than 4096 together",
        ),
        (
            Entry(b"x", pax("k=" + "v" * MIB), PAX).packed() + GOOD + END,
            "of 1049088 bytes, or several of more than 1048576 together",
        ),
        (
            Entry(b"x", pax(*["k=v"] * 1001), PAX).packed() + GOOD + END,
            "a pax header of more than 1000 records",
        ),
        (Entry(b"x", b"n" * 5000, LONG_NAME).packed() + GOOD + END, "a tar extension of"),
        (Entry(b"x", b"", PAX_GLOBAL).packed() * 10_000 + GOOD + END, "a tar extension of"),
        (Entry(b"x", pax("size=" + "9" * 1000), PAX).packed() + GOOD + END, "in the middle of its"),
        (Entry(b"x", pax("size=-512"), PAX).packed() + GOOD + END, "of a negative size"),
    ],
    ids=range(22),
)
def test_archive_that_is_damaged_or_hostile_is_refused(file: bytes, reason: str) -> None:
    """By a sentence, and before it takes memory or time."""
    with pytest.raises(BadRequest, match=reason):
        contents(file)


NO_FILES = [
    (Entry(b"b.crate", kind=HARD_LINK, link=b"a.crate").packed(), "it is a hard link"),
    (Entry(b"b.crate", kind=SYMLINK, link=b"a.crate").packed(), "it is a symbolic link"),
    (Entry(b"b.crate", kind=FIFO).packed(), "it is a FIFO"),
    (Entry(b"b.crate", b"x" * 700, b"V").packed(), "it is an entry of type b'V'"),
    (
        Entry(b"x", pax("GNU.sparse.map=0,1"), PAX).packed() + Entry(b"b.crate", b"x").packed(),
        "it is a sparse file",
    ),
    (Entry(b"b.crate", bytes(1024), SPARSE).packed(), "it is a sparse file"),
]


@pytest.mark.parametrize(("bad", "reason"), NO_FILES, ids=range(len(NO_FILES)))
def test_entry_that_is_no_regular_file_is_named(bad: bytes, reason: str) -> None:
    """What is before and behind it is read, whether or not it is read itself."""
    from pulp_cargo.app.services.imports import crate_archive

    last = Entry(b"c.crate", b"c" * 600).packed()
    found = crate_archive.archive_files(io.BytesIO(GOOD + bad + last + END))
    assert [(one.path, one.fault or one.content()) for one in found] == [
        ("a.crate", b"a"),
        ("b.crate", reason),
        ("c.crate", b"c" * 600),
    ]
    again = crate_archive.archive_files(io.BytesIO(GOOD + bad + last + END))
    assert [one.path for one in again] == ["a.crate", "b.crate", "c.crate"]


@pytest.mark.parametrize("kind", [PAX, PAX_GLOBAL])
def test_large_pax_headers_of_many_entries_take_little_memory(kind: bytes) -> None:
    """Only the records that are needed are retained, for one entry or for the whole archive."""
    header = Entry(b"x", pax("SCHILY.xattr.user.a=" + "v" * 500_000), kind).packed() + GOOD
    file = header * 100 + END
    tracemalloc.start()
    try:
        assert contents(file) == {"a.crate": b"a"}
        assert tracemalloc.get_traced_memory()[1] < 16 * MIB
    finally:
        tracemalloc.stop()


def attributes() -> dict[str, str]:
    """Return the pax records of a file with as many attributes and access rules as a file may have.

    In the forms of GNU tar and of bsdtar, which writes each attribute twice.
    """
    return {
        "SCHILY.acl.access": "user::rw-\n" + "user:builder:rw-\n" * 500,
        "SCHILY.xattr.user.large": "v" * 65_536,
        "LIBARCHIVE.xattr.user.large": "dg" * 43_691,
        "SCHILY.xattr.security.selinux": "unconfined_u:object_r:user_home_t:s0",
    }


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_archive_with_extended_attributes_is_read(packed: bool) -> None:
    """They are ignored, as are access control lists."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path, content in FILES.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.pax_headers = len(content), attributes()
            tar.addfile(entry, io.BytesIO(content))
    file = buffer.getvalue()
    assert file.count(b"SCHILY.xattr.user.large") == len(FILES)
    assert contents(gzip.compress(file) if packed else file) == FILES


def test_archive_of_gnu_tar_with_extended_attributes_is_read(folder: Path) -> None:
    """`tar --xattrs` writes them into a pax header of each file."""
    try:
        for path in FILES:
            os.setxattr(folder / path, "user.note", b"v" * 3000)
            os.setxattr(folder / path, "user.other", b"w" * 700)
    except OSError as error:
        pytest.skip(f"the file system has no such attributes: {error}")
    command = ["tar", "-C", folder, "--xattrs", "--acls", "-cf", "-", "."]
    file = subprocess.check_output(command, env=os.environ | {"LC_ALL": "C.UTF-8"})
    assert b"SCHILY.xattr.user.note" in file
    found = contents(file)
    assert {path.removeprefix("./"): content for path, content in found.items()} == FILES


def test_archive_has_a_largest_number_of_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders count as well."""
    from pulp_cargo.app.services.imports import crate_archive

    monkeypatch.setattr(crate_archive, "MOST_ENTRIES", 3)
    assert len(contents(archive([("a/", None), ("b/", None), ("a.crate", b"")]))) == 1
    with pytest.raises(BadRequest, match="more than 3 files and folders"):
        contents(archive([("a/", None), ("b/", None), ("c/", None), ("a.crate", b"")]))


@QUICK
@given(st.data())
def test_damaged_archive_is_read_or_refused(data: st.DataObject) -> None:
    """Whatever is changed in it, nothing but a BadRequest comes of it."""
    file = bytearray(archive([("crates", None), (LONG, b"b" * 700), ("a.crate", b"a")]))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, 5000))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(BadRequest):
        contents(bytes(file[: data.draw(st.integers(0, len(file)))]))


def test_gzip_that_unpacks_to_nothing_has_an_end() -> None:
    """Of empty members there are not too many; a long header and zeros after the end are passed over."""
    empty = gzip.compress(b"", mtime=0)
    with pytest.raises(BadRequest, match="gzip members"):
        contents(empty * 300_000)
    named = b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 10 * MIB
    packed = gzip.compress(archive(list(FILES.items())), mtime=0) + bytes(10 * MIB)
    with pytest.raises(BadRequest, match="ends in the middle"):
        contents(named)
    assert contents(packed) == FILES


@pytest.mark.parametrize("size", [1, 7, 512, 70_000])
def test_gzip_of_several_members_is_read_whole(size: int) -> None:
    """Each piece of the unpacked bytes may be a member of its own, or all of them one."""
    file = archive(list(FILES.items()))
    pieces = [file[at : at + size] for at in range(0, len(file), size)]
    packed = b"".join(gzip.compress(piece, 1, mtime=0) for piece in pieces)
    assert contents(packed) == contents(gzip.compress(file, mtime=0)) == FILES
