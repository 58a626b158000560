"""Exports as a git index: a bare repository whose files are `config.json` and the index files.

`registry = "file://…"`, `ssh://…` and `https://…` in cargo's configuration use one (Cargo Book,
"Registry Index"). All commits of a run go through one `git fast-import`, which makes them visible at
its end, so a killed run has no effect.
"""

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from pulp_glue.cargo.export.folder import ExportFolder
from pulp_glue.cargo.export.versions import ExportedVersion, ExportError, index_file
from pulp_glue.cargo.export.write import Report, by_crate

GIT = "git"
CONFIG = "config.json"
BRANCH = "refs/heads/main"
AUTHOR = "Pulp <pulp@localhost>"
TRAILER = "Repository-Version"
# Of git's own settings only those of the bare repository count.
ENVIRON = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}
REMAINS = ("*.lock", "refs/**/*.lock", "objects/pack/tmp_*", "fast_import_crash_*")


# A path, and what becomes of it.
Change = tuple[str, bytes | int | None]


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit to be made, and how it changes paths, which are read once.

    None as the content of a path removes it, a number is that of a `Blob`.
    """

    message: str
    time: datetime
    changes: Iterable[Change]


@dataclass(frozen=True, slots=True)
class Blob:
    """A file for later commits, so that not all of them are in memory; `number` is above 0."""

    number: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """The newest commit, and the number of the repository version in its message."""

    commit: str
    number: int | None


class GitIndex:
    """A bare repository in the folder of an export."""

    def __init__(self, folder: ExportFolder) -> None:
        """Create the repository, unless it is there; raises ExportError."""
        self.folder = folder
        self._remove_remains()
        # Without a valid HEAD or configuration, as after a power failure, it is none.
        if self._run("rev-parse", "--git-dir").returncode:
            (folder.root / "HEAD").unlink(missing_ok=True)
            self._git("init", "--quiet", "--bare", "--object-format=sha1", ".", bare=False)
            # Whatever the default of this machine is.
            (folder.root / "HEAD").write_text(f"ref: {BRANCH}\n")

    def _remove_remains(self) -> None:
        """Remove what a git that was killed, or had no space left, has left, and empty references."""
        root = self.folder.root
        for file in chain.from_iterable(map(root.glob, REMAINS)):
            file.unlink(missing_ok=True)
        for file in root.glob("refs/**/*"):
            if file.is_file() and not file.stat().st_size:
                file.unlink()

    def head(self) -> Head | None:
        """Return the newest commit, None if there is none."""
        done = self._run("log", "--max-count=1", "--format=%H%n%B", BRANCH)
        if done.returncode:
            return None
        commit, _, message = done.stdout.decode(errors="replace").partition("\n")
        found = re.search(rf"^{TRAILER}: (\d+)$", message, re.MULTILINE)
        return Head(commit, int(found[1]) if found else None)

    def blobs(self) -> dict[str, bytes]:
        """Return the ids of all files in the newest commit, by path."""
        listed = self._git("ls-tree", "-r", "-z", "--full-tree", BRANCH)
        found = {}
        for row in re.finditer(rb"[0-7]+ [a-z]+ ([0-9a-f]+)\t([^\0]+)\0", listed):
            found[row[2].decode(errors="surrogateescape")] = bytes.fromhex(row[1].decode())
        return found

    def write_difference(
        self, wanted: Iterable[tuple[str, bytes]], text: str, head: Head | None
    ) -> int:
        """Make a commit after which there are exactly these files, if they are not there already.

        Returns how many commits were made: the files are read once, and only the paths and ids of
        those that are there are in memory. Raises ExportError.
        """
        changes = changes_to(wanted, self.blobs() if head else {})
        first = next(changes, None)
        if first is None:
            return 0
        return self.write([Commit(text, datetime.now(UTC), chain([first], changes))], head)

    def write(self, parts: Iterable[Commit | Blob], parent: Head | None) -> int:
        """Make commits on top of another one; return how many. Raises ExportError.

        Whatever happens, the branch has all of them or none.
        """
        process = subprocess.Popen(
            [GIT, "fast-import", "--quiet", "--done", "--date-format=raw"],
            cwd=self.folder.root,
            env=_environ(self.folder.root),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdin is not None
        count = 0
        try:
            for chunk, commits in _stream(parts, parent):
                process.stdin.write(chunk)
                count += commits
            process.stdin.write(b"done\n")
        except BaseException as error:
            # Without `done`, git discards everything.
            process.kill()
            _, errors = process.communicate()
            if isinstance(error, OSError):
                reason = _reason(errors)
                raise ExportError(f"git could not write '{self.folder.root}': {reason}") from error
            raise
        _, errors = process.communicate()
        if process.returncode:
            raise ExportError(f"git could not write '{self.folder.root}': {_reason(errors)}")
        if count:
            # For servers of plain files, and so that many small runs do not leave many small packs.
            self._git("update-server-info")
            self._git("-c", "gc.autoDetach=false", "gc", "--auto", "--quiet")
        return count

    def _git(self, *arguments: str, bare: bool = True) -> bytes:
        done = self._run(*arguments, bare=bare)
        if done.returncode:
            raise ExportError(
                f"`git {arguments[0]}` in '{self.folder.root}' failed: {_reason(done.stderr)}"
            )
        return done.stdout

    def _run(self, *arguments: str, bare: bool = True) -> subprocess.CompletedProcess[bytes]:
        root = self.folder.root
        try:
            return subprocess.run(
                [GIT, *arguments],
                cwd=root,
                env=_environ(root if bare else None),
                stdin=subprocess.DEVNULL,
                capture_output=True,
            )
        except FileNotFoundError as error:
            raise ExportError(
                "this format needs the program `git`, which is not installed"
            ) from error


def index_files(
    crates: Iterable[list[ExportedVersion]], config: bytes
) -> Iterator[tuple[str, bytes]]:
    """Yield the path and content of each file of an index, except for names that are no paths."""
    yield CONFIG, config
    for versions in crates:
        for path, found in by_crate(versions, Report()).items():
            yield path, index_file(found)


def changes_to(wanted: Iterable[tuple[str, bytes]], blobs: Mapping[str, bytes]) -> Iterator[Change]:
    """Yield how the files of a commit with these blobs change, so that it has exactly the wanted."""
    left = dict(blobs)
    for path, content in wanted:
        if left.pop(path, None) != blob_id(content):
            yield path, content
    for path in left:
        yield path, None


def blob_id(content: bytes) -> bytes:
    """Return the id that git gives to a file.

    >>> blob_id(b"").hex()
    'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391'
    """
    header = b"blob %d\0" % len(content)
    return hashlib.sha1(header + content, usedforsecurity=False).digest()


def message(subject: str, number: int | None = None) -> str:
    """Return the message of a commit, from which the next run reads the repository version."""
    return f"{subject}\n" if number is None else f"{subject}\n\n{TRAILER}: {number}\n"


def _stream(parts: Iterable[Commit | Blob], parent: Head | None) -> Iterator[tuple[bytes, int]]:
    """Yield the input of git, and how many commits begin in a piece (git-fast-import(1))."""
    first = b"" if parent is None else b"from %s\n" % parent.commit.encode()
    for part in parts:
        if isinstance(part, Blob):
            yield b"blob\nmark :%d\n%s" % (part.number, _data(part.content)), 0
            continue
        head = (
            f"commit {BRANCH}\n"
            f"author {AUTHOR} {int(part.time.timestamp())} +0000\n"
            f"committer {AUTHOR} {int(part.time.timestamp())} +0000\n"
        )
        yield head.encode() + _data(part.message.encode()) + first, 1
        first = b""
        for path, content in part.changes:
            yield _change(path.encode(), content), 0


def _change(path: bytes, content: bytes | int | None) -> bytes:
    # The paths are those of names of crates, which need no quotes.
    match content:
        case None:
            return b"D %s\n" % path
        case int():
            return b"M 100644 :%d %s\n" % (content, path)
        case _:
            return b"M 100644 inline %s\n%s" % (path, _data(content))


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _environ(root: Path | None) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    where = {} if root is None else {"GIT_DIR": str(root.resolve())}
    return inherited | ENVIRON | where


def _reason(text: bytes) -> str:
    """Return the line with the error, which may be followed by where git writes a report of it."""
    lines = text.decode(errors="replace").strip().splitlines()
    fatal = [line for line in lines if line.startswith("fatal: ")]
    return (fatal or lines or ["it gave no reason"])[-1]
