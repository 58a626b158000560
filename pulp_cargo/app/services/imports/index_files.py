"""The index files of a registry that is imported.

They are collected before it is known which crates there are, on disk, since the index of crates.io
has millions of lines. Then only the lines of versions that have a file are kept in memory.
"""

import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from pulp_cargo.app.runtime.free_space import storage_full
from pulp_cargo.app.services.imports.refused import Refused
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.packed_index import MAX_SIZE
from pulp_cargo.protocol.unavailable import UpstreamIndexEmpty
from pulp_cargo.protocol.upstream_index import parse_index_file
from pulp_cargo.rules.import_marks import IndexMark, Key, believable, key_of

# Maximum number of versions without a file that are counted.
MOST_COUNTED = 10_000


class IndexFiles:
    """Index files on disk, each with its path, and the name of its crate."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(dir=".")  # noqa: SIM115
        self._places: list[tuple[str, str, int, int]] = []

    def add(self, path: str, name: str, body: bytes) -> bool:
        """Add an index file; return whether it is one, since other files may have such a path."""
        is_index = body.lstrip()[:1] == b"{"
        if is_index:
            self._places.append((path, name, self._file.tell(), len(body)))
            with storage_full():
                self._file.write(body)
                self._file.flush()
        return is_index

    def __iter__(self) -> Iterator[tuple[str, str, bytes]]:
        for path, name, at, size in self._places:
            self._file.seek(at)
            yield path, name, self._file.read(size)

    def close(self) -> None:
        """Remove the file."""
        self._file.close()


class IndexMarks:
    """What the indexes say about the versions that have files, and how many have none."""

    def __init__(self, versions: Collection[Key], now: datetime) -> None:
        self._versions = versions
        self._now = now
        self._without_file: set[Key] = set()
        self.of: defaultdict[Key, list[IndexMark]] = defaultdict(list)

    @property
    def without_file(self) -> int:
        """The number of versions in the indexes that have no file, up to `MOST_COUNTED`."""
        return len(self._without_file)

    def add(self, name: str, vers: str, mark: IndexMark) -> None:
        """Add a line of an index."""
        key = key_of(name, vers)
        if key in self._versions:
            self.of[key].append(mark)
        elif len(self._without_file) < MOST_COUNTED:
            self._without_file.add(key)

    def add_files(self, files: Iterable[tuple[str, str, bytes]]) -> Iterator[Refused]:
        """Add index files, given as path, name of the crate and content; yield the invalid ones."""
        for path, name, body in files:
            try:
                found = parse_index_file(body, name) if len(body) <= MAX_SIZE else None
            except UpstreamIndexEmpty:
                continue
            except RegistryError as error:
                yield Refused(path, f"it is not an index file: {error}")
                continue
            if found is None:
                yield Refused(path, f"it has more than the {MAX_SIZE} bytes of an index file")
                continue
            for vers, line in found.versions.items():
                pubtime = believable(line.pubtime, self._now)
                self.add(
                    canonical_name(name), vers, IndexMark(path, line.cksum, line.yanked, pubtime)
                )
