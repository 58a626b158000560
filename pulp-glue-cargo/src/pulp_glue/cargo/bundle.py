"""A bundle: one file with what a registry has, to carry it to where no network leads.

It is a tar archive (`archive`) with these files, in this order:

    bundle.json          the format, the snapshot on which it builds, and the URLs of the registry
    snapshot.json        the head of the snapshot, with `snapshot.json.asc`, its signature, if any
    snapshot.jsonl       every crate version of the registry (`snapshot`)
    config.json          as the registry serves it, and config.toml
    index/se/rd/serde    index files of crates
    serde-1.0.0.crate    .crate files, in the order of the snapshot
    advisory-db/…        the advisory database, if any
    SHA256SUMS           the checksums of all of these, as `sha256sum` writes them

Unpacked, a bundle without `since` is a local registry of cargo (Cargo Book, "Source Replacement").
"""

import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO

from pulp_glue.cargo.archive import ArchiveWriter, InvalidArchive, Part, parts
from pulp_glue.cargo.export.versions import index_path
from pulp_glue.cargo.snapshot import (
    HEAD,
    LINES,
    MOST_HEAD,
    MOST_SIGNATURE,
    SIGNATURE,
    Entry,
    Head,
    InvalidSnapshot,
    parse_head,
    read_entries,
)

FORMAT = 1
ABOUT, SUMS, INDEX, ADVISORIES = "bundle.json", "SHA256SUMS", "index/", "advisory-db/"
CONFIGS = ("config.json", "config.toml")
# Maximum number of crate versions: a reader has them in memory.
MOST_VERSIONS = 250_000
MOST_URLS = 1_000
# Maximum bytes of a small file, and of an index file or an advisory.
MOST_SMALL = 256 * 1024
MOST_BYTES = 64 * 1024 * 1024
# Maximum bytes of a .crate file, if the reader has no limit of its own.
MOST_CRATE = 512 * 1024 * 1024
_ADVISORY = re.compile(r"advisory-db(?:/[A-Za-z0-9_][A-Za-z0-9._+-]{0,99}){1,8}")


class InvalidBundle(Exception):
    """A bundle is damaged, incomplete, or not in this format; the message says where."""


@dataclass(frozen=True, slots=True)
class About:
    """What `bundle.json` says.

    `since` is the root of the snapshot whose files are left out, None for a whole bundle;
    `index_urls` are those that mean the registry.
    """

    since: str | None = None
    index_urls: tuple[str, ...] = ()


@dataclass(slots=True)
class Bundle:
    """What a verified bundle has; `files` are the places of the .crate files in it."""

    about: About
    head: Head
    head_bytes: bytes = b""
    signature: bytes | None = None
    entries: Sequence[Entry] = ()
    files: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    advisories: int = 0

    @property
    def left_out(self) -> list[Entry]:
        """The crate versions whose files are not in it."""
        return [entry for entry in self.entries if entry.key not in self.files]


def is_advisory(path: str) -> bool:
    """Whether a file of the advisory database may have this path in a bundle.

    >>> is_advisory("advisory-db/crates/a/RUSTSEC-2026-0001.md"), is_advisory("advisory-db/.git/HEAD")
    (True, False)
    """
    return bool(_ADVISORY.fullmatch(path))


class BundleWriter:
    """Writes a bundle, file by file, and its checksums at the end."""

    def __init__(self, file: BinaryIO) -> None:
        self._archive = ArchiveWriter(file)
        # Closed by `close`.
        self._sums = tempfile.TemporaryFile()  # noqa: SIM115

    def add(self, path: str, content: bytes) -> None:
        """Append a small file."""
        self.add_file(path, io.BytesIO(content), len(content))

    def add_file(self, path: str, file: BinaryIO, size: int) -> None:
        """Append a file of this size; raises InvalidArchive if it changes meanwhile."""
        part = Part(file, path, size)
        # A Part reads from where the file is, and hashes what it reads.
        self._archive.add(path, io.BufferedReader(part), size)
        self._sums.write(_sum_of(part))

    def close(self) -> None:
        """Append the checksums, and the end of the archive."""
        size = self._sums.tell()
        self._sums.seek(0)
        self._archive.add(SUMS, self._sums, size)
        self._archive.close()
        self._sums.close()


def render_about(about: About) -> bytes:
    """Return the content of `bundle.json`."""
    values = {"bundle": FORMAT, "since": about.since, "index_urls": list(about.index_urls)}
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def read_bundle(
    file: BinaryIO,
    *,
    most_crate: int = MOST_CRATE,
    on_crate: Callable[[Entry, bytes], None] = lambda entry, content: None,
) -> Bundle:
    """Return a bundle after verifying all of it; raises InvalidBundle.

    `on_crate` gets each crate version whose file is there, with its bytes, of which there are at
    most `most_crate`; errors that it raises end the reading.
    """
    with _invalid(), tempfile.TemporaryFile() as sums:
        reading = _Reading(parts(file), sums, most_crate, on_crate)
        return reading.read()


def part_at(file: BinaryIO, place: tuple[int, int]) -> bytes:
    """Return the file at a place of a verified bundle."""
    file.seek(place[0])
    return file.read(place[1])


@contextmanager
def _invalid() -> Iterator[None]:
    try:
        yield
    except (InvalidArchive, InvalidSnapshot) as error:
        raise InvalidBundle(str(error)) from error


class _Reading:
    """The state of reading a bundle; `_part` is the file that comes next, None at the end."""

    def __init__(
        self,
        found: Iterator[Part],
        sums: IO[bytes],
        most_crate: int,
        on_crate: Callable[[Entry, bytes], None],
    ) -> None:
        self._parts, self._sums = found, sums
        self._most_crate, self._on_crate = most_crate, on_crate
        self._part: Part | None = next(self._parts, None)

    def read(self) -> Bundle:
        about = _parse_about(self._required(ABOUT, MOST_SMALL))
        head_bytes = self._required(HEAD, MOST_HEAD)
        bundle = Bundle(about, parse_head(head_bytes), head_bytes)
        if self._is_next(SIGNATURE):
            bundle.signature = self._required(SIGNATURE, MOST_SIGNATURE)
        bundle.entries = self._entries(bundle.head)
        for name in CONFIGS:
            if self._is_next(name):
                self._required(name, MOST_SMALL)
        described = self._index_files(bundle.entries)
        self._crates(bundle, described)
        self._advisories(bundle)
        self._checksums()
        return bundle

    def _is_next(self, path: str) -> bool:
        return self._part is not None and self._part.path == path

    def _next(self, part: Part) -> None:
        """Note the checksum of a file that was read, and go on to the next."""
        self._sums.write(_sum_of(part))
        self._part = next(self._parts, None)

    def _required(self, path: str, most: int) -> bytes:
        if self._part is None or not self._is_next(path):
            found = "its end" if self._part is None else f"`{self._part.path[:100]}`"
            raise InvalidBundle(f"the bundle has {found} where `{path}` must be")
        content = self._part.content(most)
        self._next(self._part)
        return content

    def _entries(self, head: Head) -> Sequence[Entry]:
        if head.count > MOST_VERSIONS:
            raise InvalidBundle(
                f"the bundle has {head.count} crate versions, but at most {MOST_VERSIONS} are accepted"
            )
        if self._part is None or not self._is_next(LINES):
            self._required(LINES, 0)
        assert self._part is not None
        entries = list(read_entries(io.BufferedReader(self._part), head))
        self._next(self._part)
        return entries

    def _index_files(self, entries: Sequence[Entry]) -> set[str]:
        """Check the index files, and return the names of their crates."""
        by_path: dict[str, list[Entry]] = {}
        for entry in entries:
            by_path.setdefault(INDEX + index_path(entry.name), []).append(entry)
        described: set[str] = set()
        while (part := self._part) is not None and part.path.startswith(INDEX):
            versions = by_path.pop(part.path, None)
            if versions is None:
                raise InvalidBundle(f"`{part.path[:200]}` is not the index file of a crate in it")
            require_same(part.path, part.content(MOST_BYTES), versions)
            described.add(versions[0].name)
            self._next(part)
        return described

    def _crates(self, bundle: Bundle, described: set[str]) -> None:
        by_file = {entry.file_name: entry for entry in bundle.entries}
        before = ("", "")
        while (part := self._part) is not None and part.path.endswith(".crate"):
            entry = by_file.get(part.path)
            if entry is None or entry.key <= before:
                raise InvalidBundle(f"`{part.path[:200]}` is not in the snapshot, or not in order")
            if entry.name not in described:
                raise InvalidBundle(f"the bundle has `{part.path}`, but no index file of its crate")
            content = part.content(self._most_crate)
            if part.sha256 != entry.cksum:
                raise InvalidBundle(
                    f"`{part.path}` has the SHA-256 {part.sha256}, but the snapshot has {entry.cksum}"
                )
            self._on_crate(entry, content)
            bundle.files[entry.key] = (part.at, part.size)
            before = entry.key
            self._next(part)
        left_out = bundle.left_out if bundle.about.since is None else []
        if left_out:
            raise InvalidBundle(
                f"the bundle lacks `{left_out[0].file_name}`, although it claims to be complete"
            )

    def _advisories(self, bundle: Bundle) -> None:
        before = ""
        while (part := self._part) is not None and part.path != SUMS:
            if not is_advisory(part.path) or part.path <= before:
                raise InvalidBundle(f"`{part.path[:200]}` does not belong in a bundle, or not here")
            before = part.path
            part.content(MOST_BYTES)
            bundle.advisories += 1
            self._next(part)

    def _checksums(self) -> None:
        """Compare the checksums with the last file, after which nothing may follow."""
        part = self._part
        if part is None:
            raise InvalidBundle(f"the bundle ends without `{SUMS}`")
        self._sums.seek(0)
        for ours, theirs in _pairs(self._sums, io.BufferedReader(part)):
            if ours != theirs:
                path = ours[66:].decode().strip() or SUMS
                raise InvalidBundle(f"`{path}` has another checksum than in `{SUMS}`")
        if next(self._parts, None) is not None:
            raise InvalidBundle(f"the bundle has files after `{SUMS}`")


def require_same(path: str, content: bytes, versions: Sequence[Entry]) -> None:
    """Raise InvalidBundle unless an index file has exactly these versions of a crate."""
    try:
        found = {entry.vers: entry for entry in entries_of_index(content)}
    except InvalidSnapshot as error:
        raise InvalidBundle(f"`{path}` cannot be read: {error}") from error
    for entry in versions:
        if found.pop(entry.vers, None) != entry:
            raise InvalidBundle(f"`{path}` differs from the snapshot in version {entry.vers}")
    for vers in found:
        raise InvalidBundle(f"`{path}` has version {vers[:200]!r}, which is not in the snapshot")


def entries_of_index(content: bytes) -> Iterator[Entry]:
    """Yield the crate versions in an index file; raises InvalidSnapshot."""
    for line in content.splitlines():
        if not line.strip():
            continue
        try:
            values = json.loads(line)
            name, vers, cksum = values["name"], values["vers"], values["cksum"]
            pubtime = values.get("pubtime")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidSnapshot("one of its lines is not an index line") from error
        if not all(isinstance(one, str) for one in (name, vers, cksum, pubtime or "")):
            raise InvalidSnapshot("one of its lines has a value that is not text")
        yield Entry(name, vers, cksum, values.get("yanked") is True, pubtime)


def _parse_about(content: bytes) -> About:
    try:
        values: Mapping[str, Any] = json.loads(content)
        about = About(values["since"], tuple(values["index_urls"]))
        is_valid = (
            values["bundle"] == FORMAT
            and (about.since is None or re.fullmatch("[0-9a-f]{64}", about.since))
            and len(about.index_urls) <= MOST_URLS
            and all(isinstance(url, str) and url.isprintable() for url in about.index_urls)
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidBundle(f"`{ABOUT}` cannot be read") from error
    if not is_valid or render_about(about) != content:
        raise InvalidBundle(f"`{ABOUT}` does not describe a bundle in the format {FORMAT}")
    return about


def _sum_of(part: Part) -> bytes:
    return f"{part.sha256}  {part.path}\n".encode()


def _pairs(
    ours: Iterable[bytes], theirs: BinaryIO | io.BufferedReader
) -> Iterator[tuple[bytes, bytes]]:
    """Yield the lines of two files beside each other, and once more what one of them has at its end."""
    for line in ours:
        yield line, theirs.readline(len(line) + 1)
    yield b"", theirs.read(1)
