"""The upstreams' index files that the packages of a lock file need: those here, and fresh ones."""

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
from pulp_cargo.rules.replaced_versions import version_key


class Indexes:
    """Index files by remote and lower-case name."""

    def __init__(self, known: Mapping[File, bool]) -> None:
        self._known = dict(known)
        self._fetched: dict[File, Body] = {}
        self._faults: dict[File, str] = {}
        self._old: set[File] = set()
        self._read: dict[File, Body] = {}

    def has(self, file: File) -> bool | None:
        """Return whether an upstream has a crate, None where only asking it would tell."""
        return self._known.get(file)

    def fault(self, file: File) -> str | None:
        """Return why an upstream that was asked did not answer, None if it did or was not."""
        return self._faults.get(file)

    def is_old(self, file: File) -> bool:
        """Return whether an upstream was asked and did not answer, so that what was here counts."""
        return file in self._old

    def take(self, file: File, copy: IndexFileCopy | None, *, is_old: bool) -> None:
        """Take over what there is after an upstream was asked: None for no such crate."""
        self._known[file] = copy is not None
        if copy is not None:
            self._fetched[file] = Body(copy.gzipped, copy.first_seen, copy.replaced, copy.accepted)
        if is_old:
            self._old.add(file)

    def note_fault(self, file: File, sentence: str) -> None:
        """Note that an upstream did not answer, and that nothing is here that would do."""
        self._faults[file] = sentence
        self._known.pop(file, None)

    def note_silence(self, file: File, sentence: str) -> None:
        """Note that an upstream did not answer in time: what is here counts, if there is anything."""
        if self._known.get(file):
            self._old.add(file)
        else:
            self.note_fault(file, sentence)

    @property
    def not_refreshed(self) -> set[str]:
        """The lower-case names of crates of which an upstream was asked in vain."""
        return {name for _, name in (*self._faults, *self._old)}

    def read(self, files: Collection[File]) -> None:
        """Read the files that are needed next, and forget those from before."""
        wanted = {file for file in files if self.has(file) and file not in self._fetched}
        self._read = lock_file.bodies(wanted)

    def body(self, file: File) -> Body | None:
        """Return a file that was read, or fetched; None if it is gone meanwhile."""
        return self._fetched.get(file) or self._read.get(file)

    def replaced_by(self, file: File, entry: UpstreamVersion) -> str | None:
        """Return the checksum of the bytes that an upstream has in place of those in the index."""
        body = self.body(file)
        before, now = body.replaced.get(entry.vers, (None, None)) if body else (None, None)
        if body is None or before != entry.cksum or now is None:
            return None
        return None if version_key(entry.vers, now) in body.accepted else now

    def lines_of(self, file: File, vers: str) -> UpstreamIndex | None:
        """Return what a file says of one version; raises UpstreamIndexInvalid."""
        body = self.body(file)
        return parse_lines_of(body.unpacked(), file[1], vers) if body else None

    def whole(self, file: File) -> UpstreamIndex | None:
        """Return what a file says; raises UpstreamIndexInvalid."""
        body = self.body(file)
        return parse_index_file(body.unpacked(), file[1]) if body else None
