"""Going through an archive or a folder once, and collecting what an import uses.

The `.crate` files are yielded; indexes are copied, and evaluated when all files are known.
"""

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.imports import kellnr
from pulp_cargo.app.services.imports.crate_archive import GZIP_MAGIC
from pulp_cargo.app.services.imports.git_index import GitIndexes
from pulp_cargo.app.services.imports.index_files import IndexFiles, IndexMarks
from pulp_cargo.app.services.imports.kellnr import KellnrDatabases
from pulp_cargo.app.services.imports.refused import Refused, accepted
from pulp_cargo.app.services.imports.source_file import LONGEST_SHOWN, SourceFile, Unreadable
from pulp_cargo.protocol.errors import BadRequest, InvalidMetadata
from pulp_cargo.protocol.packed_index import MAX_SIZE
from pulp_cargo.protocol.vendored import LONGEST, cannot_repack, package_checksum
from pulp_cargo.rules.import_files import Kind, index_name, kind_of
from pulp_cargo.rules.import_marks import IndexMark, Key, believable

# Files of these kinds are for an import; all others are only counted.
_USED = (Kind.CRATE, Kind.CHECKSUMS, Kind.DATABASE, Kind.GIT)


@dataclass(frozen=True, slots=True)
class CrateFile:
    """A `.crate` file of the source, written to the task's working directory.

    `is_certain` is False if only its content can show whether it is one.
    """

    path: str
    file: IncomingFile
    is_certain: bool

    @property
    def shown(self) -> str:
        """The path for messages."""
        return self.path[:LONGEST_SHOWN]


class Source:
    """What was found in an archive or folder besides the yielded `.crate` files."""

    def __init__(self, disk: FreeSpace, *, most_files: int) -> None:
        self.ignored = 0
        self.first_ignored: str | None = None
        # The checksum in each folder of an unpacked crate, None if there is none.
        self.vendored: dict[str, str | None] = {}
        self._disk = disk
        self._most_files = most_files
        self._crates = 0
        self._indexes = IndexFiles()
        self._git = GitIndexes()
        self._databases = KellnrDatabases()

    def close(self) -> None:
        """Remove everything that was copied, except for `.crate` files."""
        for copies in (self._indexes, self._git, self._databases):
            copies.close()

    def ignore(self, path: str) -> None:
        """Count a file that is not for an import."""
        self.ignored += 1
        self.first_ignored = self.first_ignored or path

    def crates(self, files: Iterable[SourceFile]) -> Iterator[CrateFile | Refused]:
        """Yield the `.crate` files, and the other files that cannot be used although they should be.

        Raises BadRequest for too many of them, StorageFull, and what reading the source raises.
        """
        for file in files:
            kind = kind_of(file.path)
            if file.fault is not None or kind is Kind.OTHER:
                if file.fault is not None and kind in _USED:
                    yield Refused(file.shown, file.fault)
                else:
                    self.ignore(file.shown)
                continue
            try:
                yield from self._take(file, kind)
            except (Unreadable, InvalidMetadata) as error:
                yield Refused(file.shown, str(error))

    def marks(self, versions: Collection[Key], now: datetime, refused: list[Refused]) -> IndexMarks:
        """Return what the indexes say about these versions, and append what cannot be read."""
        marks = IndexMarks(versions, now)
        refused += marks.add_files(self._indexes)
        refused += marks.add_files(accepted(self._git.index_files(), refused))
        for path, copy in self._databases:
            try:
                for name, vers, cksum, yanked, pubtime in kellnr.lines(copy):
                    time = believable(pubtime, now)
                    marks.add(name, vers, IndexMark(path, cksum, yanked, time))
            except BadRequest as error:
                refused.append(Refused(path, str(error)))
        return marks

    def owners(self) -> Iterator[tuple[str, str]]:
        """Yield crate and login of the owners that the source has."""
        for _, copy in self._databases:
            yield from kellnr.owners(copy)

    def is_unpacked(self, path: str) -> bool:
        """Whether a file is part of an unpacked crate, such as test data."""
        folder = os.path.dirname(path)
        while folder:
            if folder in self.vendored:
                return True
            folder = os.path.dirname(folder)
        return "" in self.vendored

    def unpacked_crates(self, checksums: Collection[str]) -> Iterator[Refused]:
        """Yield the unpacked crates whose `.crate` files are not among those with the checksums."""
        for folder, cksum in self.vendored.items():
            if cksum is None or cksum not in checksums:
                yield Refused((folder or ".")[:LONGEST_SHOWN], cannot_repack(cksum))

    def _take(self, file: SourceFile, kind: Kind) -> Iterator[CrateFile | Refused]:
        if kind in (Kind.CRATE, Kind.MAYBE_CRATE):
            yield from self._crate(file, is_certain=kind is Kind.CRATE)
        elif kind is Kind.INDEX and (name := index_name(file.path)) is not None:
            self._index(file, name)
        elif kind is Kind.CHECKSUMS:
            if file.size > LONGEST:
                raise InvalidMetadata(f"it has more than {LONGEST} bytes")
            self.vendored[os.path.dirname(file.path)] = package_checksum(file.content())
        else:
            self._disk.require_room()
            (self._git if kind is Kind.GIT else self._databases).add(file)

    def _index(self, file: SourceFile, name: str) -> None:
        if file.size > MAX_SIZE:
            raise Unreadable(f"it has more than the {MAX_SIZE} bytes of an index file")
        self._disk.require_room()
        if not self._indexes.add(file.shown, name, file.content()):
            self.ignore(file.shown)

    def _crate(self, file: SourceFile, *, is_certain: bool) -> Iterator[CrateFile | Refused]:
        limit = settings.CARGO_MAX_CRATE_BYTES
        if file.size > limit:
            if is_certain:
                sentence = f"it has {file.size} bytes, but this registry accepts at most {limit}"
                yield Refused(file.shown, sentence)
            else:
                self.ignore(file.shown)
            return
        content = file.content()
        if not is_certain and not content.startswith(GZIP_MAGIC):
            self.ignore(file.shown)
            return
        self._crates += 1
        if self._crates > self._most_files:
            raise BadRequest(
                f"there are more than {self._most_files} .crate files; import them in parts"
            )
        self._disk.require_room()
        yield CrateFile(file.path, _written(content), is_certain)


def _written(content: bytes) -> IncomingFile:
    """Write a file in the working directory of the task, and close it, since there may be many."""
    file = IncomingFile(os.getcwd())
    try:
        file.write(content)
    except BaseException:
        # Also when the task is cancelled.
        file.discard()
        raise
    file.file.close()
    return file
