"""The contents of .crate files: lists of files, single files, and what two versions have in common."""

import hashlib
import io

import pytest

from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.rules.crate_contents import (
    ENTRY_COST,
    ChangeKind,
    ContainedFile,
    Contents,
    FileChange,
    FileText,
    compare_files,
    compare_texts,
    read_contents,
)
from pulp_cargo.rules.limits import PublishLimits
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.tarball import named

LIMITS = PublishLimits()
FILES = {"src/lib.rs": b"// a\n", "b.bin": b"\0\1", "ä.txt": "ä".encode()}
CRATE = Crate("leaf", "1.0.0", files=FILES)


def read(path: str, most: int = 1000, crate: Crate = CRATE) -> FileText | None:
    """Read a file of a crate."""
    return contents(crate, path, most=most).texts.get(path)


def listed(crate: Crate, limits: PublishLimits = LIMITS) -> list[ContainedFile]:
    """List the files of a crate."""
    return contents(crate, limits=limits).files


def contents(
    crate: Crate,
    wanted: str | None = None,
    *,
    most: int = 1000,
    most_texts: int = 0,
    limits: PublishLimits = LIMITS,
) -> Contents:
    """Read the contents of a crate."""
    return read_contents(
        io.BytesIO(crate.packed()),
        wanted,
        most=most,
        most_texts=most_texts,
        name="leaf",
        vers="1.0.0",
        limits=limits,
    )


def test_files_are_listed_by_path() -> None:
    """With size and digest, and with the manifest."""
    assert [(one.path, one.size) for one in listed(CRATE)] == [
        ("Cargo.toml", len(CRATE.manifest())),
        ("b.bin", 2),
        ("src/lib.rs", 5),
        ("ä.txt", 2),
    ]
    assert listed(CRATE)[2].sha256 == hashlib.sha256(b"// a\n").hexdigest()


def test_file_is_read() -> None:
    """As text, if it is UTF-8 without NUL and not too large."""
    assert read("src/lib.rs") == FileText(5, "// a\n", is_text=True)
    assert read("ä.txt") == FileText(2, "ä", is_text=True)
    assert read("b.bin") == FileText(2, None, is_text=False)
    assert read("src/lib.rs", most=4) == FileText(5, None, is_text=True)
    assert read("src/lib.rs", most=5) == FileText(5, "// a\n", is_text=True)


def test_other_texts_come_along() -> None:
    """As many as may be stored, so that the next page needs no unpacking; large ones are left out."""
    files = {"a": b"12345", "b": b"1234567", "c": b"12", "d.bin": b"\0\1\2"}
    crate = Crate("leaf", files=files, manifest_bytes=b"")
    assert set(contents(crate).texts) == set()
    assert set(contents(crate, "b").texts) == {"b"}
    everything = 5 * ENTRY_COST + 5 + 7 + 2
    assert set(contents(crate, most_texts=everything + 3).texts) == {"Cargo.toml", *files}
    found = contents(crate, "d.bin", most_texts=3 * ENTRY_COST + 8).texts
    assert set(found) == {"Cargo.toml", "a", "c", "d.bin"}
    assert found["a"] == FileText(5, "12345", is_text=True)
    assert found["d.bin"] == FileText(3, None, is_text=False)


def test_text_may_be_cut_within_a_character() -> None:
    """The cut part of a text is still a text."""
    assert read("ä.txt", most=1) == FileText(2, None, is_text=True)


@pytest.mark.parametrize("path", ["src", "lib.rs", "/etc/passwd", "../leaf-1.0.0/b.bin", ""])
def test_other_paths_are_not_there(path: str) -> None:
    """A path is compared with those in the archive; nothing is opened by it."""
    assert read(path) is None


def test_second_of_two_equal_paths_counts() -> None:
    """As it does for cargo, which unpacks one over the other."""
    crate = CRATE.with_entries(*named(b"leaf-1.0.0/src/lib.rs", b"later"))
    assert read("src/lib.rs", crate=crate) == FileText(5, "later", is_text=True)
    assert [one.size for one in listed(crate) if one.path == "src/lib.rs"] == [5]


def test_other_archives_are_refused() -> None:
    """By the rules and limits of every other reader of crates."""
    with pytest.raises(InvalidCrateFile, match=r"is not below `leaf-1\.0\.0/`"):
        listed(Crate("other", files=FILES))
    with pytest.raises(InvalidCrateFile, match="more than 3 entries"):
        listed(CRATE, PublishLimits(entries=3))
    with pytest.raises(InvalidCrateFile, match="unpacks to 4000 bytes or more"):
        listed(
            Crate("leaf", files={"a": bytes(8000)}),
            PublishLimits(unpacked_bytes=4000, max_crate_bytes=100),
        )


def test_files_are_compared() -> None:
    """By their digests."""
    old = [ContainedFile("a", 1, "a1"), ContainedFile("b", 1, "b"), ContainedFile("c", 3, "c")]
    new = [ContainedFile("a", 2, "a2"), ContainedFile("b", 1, "b"), ContainedFile("d", 4, "d")]
    assert compare_files(old, new) == [
        FileChange("a", ChangeKind.CHANGED, 1, 2),
        FileChange("c", ChangeKind.REMOVED, 3, None),
        FileChange("d", ChangeKind.ADDED, None, 4),
    ]


def test_texts_are_compared() -> None:
    """As a unified diff without the names of files; long ones are not."""
    assert compare_texts("a\n", "a\n") == []
    assert compare_texts("a\nb\n", "b\nc\n") == ["@@ -1,2 +1,2 @@", "-a", " b", "+c"]
    assert compare_texts("a\n" * 10_001, "b\n" * 10_000) is None
    assert compare_texts("a\n" * 1_100, "b\n" * 1_100) is None
