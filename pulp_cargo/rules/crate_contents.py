"""The contents of .crate files for web pages: lists of files, single files, and differences.

This unpacks whole crates, so servers run it in a process of its own (`pulp_cargo.reader.pages`).
"""

import difflib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from pulp_cargo.protocol.crate_file import files_of
from pulp_cargo.rules.limits import PublishLimits

PART_BYTES = 256 * 1024
# What a text costs in memory beside its characters.
ENTRY_COST = 256
# Maximum number of lines that are compared, and of lines in a result.
MOST_COMPARED_LINES = 20_000
MOST_DIFFERENCES = 2_000


@dataclass(frozen=True, slots=True)
class ContainedFile:
    """A file in a crate: its path below the root, its size in bytes and its SHA-256."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's size in bytes, and its text, None if it is no text or larger than what is shown."""

    size: int
    text: str | None
    is_text: bool


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a crate, ordered by path, and the texts of some by their paths."""

    files: list[ContainedFile]
    texts: dict[str, FileText]


class ChangeKind(StrEnum):
    """How a file differs between two versions."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class FileChange:
    """A file that differs between two versions, with its sizes in bytes."""

    path: str
    kind: ChangeKind
    old_size: int | None
    new_size: int | None


def read_contents(
    file: BinaryIO,
    wanted: str | None,
    *,
    most: int,
    most_texts: int,
    name: str,
    vers: str,
    limits: PublishLimits,
) -> Contents:
    """Return the files of a crate, and texts of files of at most `most` bytes.

    One of them is the `wanted` file, if there is one; the others have at most `most_texts` bytes
    together, so that the next page need not unpack the crate again. Raises InvalidCrateFile.
    """
    files: dict[str, ContainedFile] = {}
    texts: dict[str, FileText] = {}
    for path, entry, reader in files_of(file, name=name, vers=vers, limits=limits.of_crate_file()):
        start = reader.read_part(most)
        sha256 = hashlib.sha256(start)
        while part := reader.read_part(PART_BYTES):
            sha256.update(part)
        files[path] = ContainedFile(path, entry.size, sha256.hexdigest())
        # A later file replaces an equal one.
        texts.pop(path, None)
        if path == wanted or ENTRY_COST + len(start) <= most_texts:
            texts[path] = text = _text(start, entry.size)
            most_texts -= ENTRY_COST + len(text.text or "")
    return Contents([files[path] for path in sorted(files)], texts)


def _text(start: bytes, size: int) -> FileText:
    is_whole = len(start) == size
    # The last character may be cut.
    text = start.decode(errors="ignore" if not is_whole else "replace")
    is_text = "\0" not in text and "\ufffd" not in text
    return FileText(size, text if is_text and is_whole else None, is_text)


def compare_files(old: Sequence[ContainedFile], new: Sequence[ContainedFile]) -> list[FileChange]:
    """Return the files that two versions do not have in common, ordered by path.

    >>> a, b = ContainedFile("a", 1, "0a"), ContainedFile("a", 2, "0b")
    >>> compare_files([a], [b])[0].kind.value, compare_files([a], [a])
    ('changed', [])
    """
    before, after = ({one.path: one for one in files} for files in (old, new))
    changes = []
    for path in sorted({*before, *after}):
        was, now = before.get(path), after.get(path)
        if was is None and now is not None:
            changes.append(FileChange(path, ChangeKind.ADDED, None, now.size))
        elif now is None and was is not None:
            changes.append(FileChange(path, ChangeKind.REMOVED, was.size, None))
        elif was and now and was.sha256 != now.sha256:
            changes.append(FileChange(path, ChangeKind.CHANGED, was.size, now.size))
    return changes


def compare_texts(old: str, new: str) -> list[str] | None:
    """Return the lines that differ, as in a unified diff; None if the texts are too long.

    >>> compare_texts("a\\nb\\n", "a\\nc\\n")
    ['@@ -1,2 +1,2 @@', ' a', '-b', '+c']
    """
    before, after = old.splitlines(), new.splitlines()
    if len(before) + len(after) > MOST_COMPARED_LINES:
        return None
    found = list(difflib.unified_diff(before, after, lineterm=""))[2:]
    return found if len(found) <= MOST_DIFFERENCES else None
