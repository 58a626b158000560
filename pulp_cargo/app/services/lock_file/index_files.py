"""The upstreams' index files that the packages of a lock file need, cached or just fetched."""

from collections.abc import Collection, Mapping

from pulp_cargo.app.queries import lock_file
from pulp_cargo.app.queries.lock_file import Body, File
from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.protocol.upstream_index import (
    UpstreamIndex,
    UpstreamVersion,
    parse_index_file,
    parse_lines_of,
)


class Indexes:
    """Index files by remote and lower-case name."""

    def __init__(self, known: Mapping[File, bool]) -> None:
        self._known = dict(known)
        self._fetched: dict[File, Body] = {}
        self._faults: dict[File, str] = {}
        self._old: set[File] = set()
        self._read: dict[File, Body] = {}

    def has(self, file: File) -> bool | None:
        """Return whether an upstream has a crate, None if only a request to it can tell."""
        return self._known.get(file)

    def fault(self, file: File) -> str | None:
        """Return why a request to an upstream failed, None if it did not or there was none."""
        return self._faults.get(file)

    def is_old(self, file: File) -> bool:
        """Return whether the request to an upstream failed, so that the cached file is used."""
        return file in self._old

    def take(self, file: File, copy: IndexFileCopy | None, *, is_old: bool) -> None:
        """Use the index file after a request to the upstream, None if it has no such crate."""
        self._known[file] = copy is not None
        if copy is not None:
            self._fetched[file] = Body(copy.gzipped, copy.first_seen, copy.replaced)
        if is_old:
            self._old.add(file)

    def note_fault(self, file: File, sentence: str) -> None:
        """Note that an upstream did not answer, and that no cached file can be used instead."""
        self._faults[file] = sentence
        self._known.pop(file, None)

    def note_silence(self, file: File, sentence: str) -> None:
        """Note that an upstream did not answer in time; a cached file is used if there is one."""
        if self._known.get(file):
            self._old.add(file)
        else:
            self.note_fault(file, sentence)

    @property
    def not_refreshed(self) -> set[str]:
        """The lower-case names of crates for which a request to an upstream failed."""
        return {name for _, name in (*self._faults, *self._old)}

    def read(self, files: Collection[File]) -> None:
        """Read the files that are needed next, and drop those that were read before."""
        wanted = {file for file in files if self.has(file) and file not in self._fetched}
        self._read = lock_file.bodies(wanted)

    def body(self, file: File) -> Body | None:
        """Return a file that was read or fetched; None if it was deleted meanwhile."""
        return self._fetched.get(file) or self._read.get(file)

    def replaced_by(self, file: File, entry: UpstreamVersion) -> str | None:
        """Return the upstream's new checksum of a version that it has replaced, else None."""
        body = self.body(file)
        before, now = body.replaced.get(entry.vers, (None, None)) if body else (None, None)
        return now if before == entry.cksum else None

    def lines_of(self, file: File, vers: str) -> UpstreamIndex | None:
        """Return the lines of one version in a file; raises UpstreamIndexInvalid."""
        body = self.body(file)
        return parse_lines_of(body.unpacked(), file[1], vers) if body else None

    def whole(self, file: File) -> UpstreamIndex | None:
        """Return a whole file, parsed; raises UpstreamIndexInvalid."""
        body = self.body(file)
        return parse_index_file(body.unpacked(), file[1]) if body else None
