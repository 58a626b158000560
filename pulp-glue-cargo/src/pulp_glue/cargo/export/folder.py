"""The folder of an export: files appear in it complete or not at all, and only one run at a time.

Whatever a run needs for itself is in a folder whose name begins with a dot, which cargo and most web
servers ignore. Files are written there and then renamed, so a killed run leaves nothing elsewhere.
"""

import errno
import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from pulp_glue.cargo.export.copying import write_file
from pulp_glue.cargo.export.versions import ExportError

OWN = ".pulp-cargo-export"
STATE, LOCK, UNFINISHED = "state.json", "lock", "unfinished"
# Errors of a file system that a run can do nothing about.
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)
# What other programs leave in a folder, and what it may have before the first run.
FOREIGN = frozenset(
    {OWN, ".git", ".gitignore", ".gitattributes", ".nojekyll", "CNAME", "lost+found"}
)


class ExportFolder:
    """A folder that is locked for this run; made by `open_folder`."""

    def __init__(
        self, root: Path, kind: str, state: Mapping[str, Any], lock: int, *, is_new: bool
    ) -> None:
        """`lock` is the descriptor that has it, and `is_new` whether no run before left anything."""
        self.root = root
        self.kind = kind
        self.state = state
        self.lock = lock
        self.is_new = is_new
        # Paths of files are strings, since there may be many.
        self.unfinished = str(root / OWN / UNFINISHED)
        self._root = str(root)
        self._real = os.path.realpath(root)
        # Those that exist and are not outside of the export.
        self._folders: set[str] = {self._root}
        self._numbers = count()

    def temporary(self) -> str:
        """Return a path for a file that is not complete yet, on the same file system."""
        return f"{self.unfinished}/{next(self._numbers)}"

    def path(self, path: str) -> str:
        """Return the path of a file from its path below the export."""
        return f"{self._root}/{path}"

    def publish(self, temporary: str, path: str) -> None:
        """Give a complete file, or folder, its final name; a file replaces the one before."""
        os.replace(temporary, self.final(path))

    def final(self, path: str) -> str:
        """Return the path of a file that is about to appear there; its folder is made."""
        final = self.path(path)
        self._make(final.rpartition("/")[0])
        return final

    def new(self, folder: str) -> str | None:
        """Return the path of a folder that is about to appear there; None if something is there.

        That of its parent folder is made. The path below the export ends with a slash.
        """
        final = self.path(folder).rstrip("/")
        if os.path.lexists(final):
            return None
        self._make(final.rpartition("/")[0])
        return final

    def _make(self, folder: str) -> None:
        """Create a folder and those above it; refuse one that is outside, through a symbolic link."""
        if folder in self._folders:
            return
        self._make(folder.rpartition("/")[0])
        try:
            os.mkdir(folder)
        except FileExistsError:
            # Only what was there before can be a link.
            if os.path.islink(folder):
                self._require_inside(folder)
        self._folders.add(folder)

    def _require_inside(self, folder: str) -> None:
        real = os.path.realpath(folder)
        if os.path.commonpath([real, self._real]) != self._real:
            raise ExportError(f"'{folder}' leads out of '{self._root}', to '{real}'")

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, None if it is not there."""
        if self.is_new:
            return None
        try:
            with open(self.path(path), "rb", buffering=0) as file:
                return file.readall()
        except FileNotFoundError:
            return None

    def write(self, path: str, content: bytes) -> None:
        """Write a file, unless it has this content already."""
        if self.read(path) == content:
            return
        temporary = self.temporary()
        write_file(temporary, content)
        self.publish(temporary, path)

    def remove(self, name: str) -> None:
        """Remove a file or folder, and the folders above it that are empty then."""
        path = self.root / name
        if path.is_dir() and not path.is_symlink():
            # Under its final name it would be incomplete for a moment.
            hidden = Path(tempfile.mkdtemp(dir=self.unfinished)) / path.name
            os.replace(path, hidden)
            shutil.rmtree(hidden)
        else:
            path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self.root or any(folder.iterdir()):
                break
            folder.rmdir()
            self._folders.discard(str(folder))

    def unwritable(self, reason: str | None) -> ExportError:
        """Return the error of a run that cannot go on."""
        return ExportError(f"'{self.root}' cannot be written: {reason}")

    def remember(self, **state: Any) -> None:
        """Store what a complete run has exported, for the next one."""
        self.state = {"format": self.kind, **state}
        self.write(f"{OWN}/{STATE}", json.dumps(self.state, indent=1).encode() + b"\n")


@contextmanager
def open_folder(root: Path, kind: str) -> Iterator[ExportFolder]:
    """Create a folder for exports of one format, or open it again; raises ExportError.

    A folder with other files is refused, since a run removes what the registry no longer has.
    """
    own = root / OWN
    if own.is_symlink():
        raise ExportError(f"'{own}' is a symbolic link")
    is_new = not own.is_dir()
    if is_new and root.is_dir() and any(one.name not in FOREIGN for one in root.iterdir()):
        raise ExportError(f"'{root}' has other files: give an empty folder, or one of an export")
    try:
        own.mkdir(parents=True, exist_ok=True)
        lock = (own / LOCK).open("w")
    except OSError as error:
        raise ExportError(f"'{root}' cannot be written: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ExportError(f"another export is writing '{root}'") from None
        state = _state(own / STATE)
        if state.get("format", kind) != kind:
            raise ExportError(f"'{root}' is an export of the format `{state['format']}`")
        shutil.rmtree(own / UNFINISHED, ignore_errors=True)
        (own / UNFINISHED).mkdir(exist_ok=True)
        folder = ExportFolder(root, kind, state, lock.fileno(), is_new=is_new)
        if not state:
            folder.remember()
        try:
            yield folder
        except OSError as error:
            if error.errno not in UNWRITABLE:
                raise
            raise folder.unwritable(error.strerror) from error
        finally:
            shutil.rmtree(own / UNFINISHED, ignore_errors=True)


def _state(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
