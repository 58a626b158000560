"""The contents of crates for web pages: rendered readmes, lists of files, and single files.

All of it is prepared in separate processes (`pulp_cargo.reader.pages`) with time limits, and results
are cached: the contents of a crate never change, so it is unpacked for its first page and not for
each. The caller must check first whether a visitor may see the crate.
"""

import html
import sys
import tempfile
from collections.abc import Callable, Hashable, Iterator, Sized
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from cachetools import LRUCache
from django.conf import settings

from pulpcore.plugin.models import Domain

from pulp_cargo.app.queries.crates.crate_file import StoredFile
from pulp_cargo.app.services.crates.crate_reader import PAGE_COMMAND, PAGE_READER_COUNT, ReaderPool
from pulp_cargo.app.services.crates.crate_unit import limits
from pulp_cargo.app.services.crates.object_storage import answering
from pulp_cargo.protocol.errors import InvalidCrateFile
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.reader.messages import (
    CompareTexts,
    HighlightFile,
    ReadContents,
    RenderReadme,
)
from pulp_cargo.rules.crate_contents import ENTRY_COST, ContainedFile, Contents, FileText

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

# Sizes of caches: characters of readmes, bytes of memory of texts, files in lists, and refused crates.
CACHED_CHARACTERS = 8 * 1024 * 1024
CACHED_TEXT_BYTES = 32 * 1024 * 1024
CACHED_FILES = 50_000
CACHED_REFUSALS = 1_000
# Maximum bytes of the texts that are read of a crate in addition to the one that is shown.
MOST_TEXT_BYTES = 4 * 1024 * 1024
# Larger files are not shown, only listed.
MOST_SHOWN_BYTES = 512 * 1024
CHUNK_BYTES = 256 * 1024

# The checksum of a .crate file, and what it is read as: a name and a version.
CrateKey = tuple[str, str, str]


class _Cache(Generic[K, V]):
    """Values by keys, for several threads; the sum of their sizes is limited."""

    def __init__(self, most: int, size_of: Callable[[V], int]) -> None:
        self._values: LRUCache[K, V] = LRUCache(most, getsizeof=size_of)
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """Return a value, None without one."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Store a value, unless it is larger than all that may be stored."""
        with self._lock, suppress(ValueError):
            self._values[key] = value


@dataclass(frozen=True, slots=True)
class StoredCrate:
    """A stored .crate file, and the crate version that it is read as."""

    domain: Domain
    file: StoredFile
    name: str
    vers: str

    @property
    def key(self) -> CrateKey:
        """What its contents depend on."""
        return self.file.cksum, self.name, self.vers


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The files of a crate, and one of them, None without it."""

    files: list[ContainedFile]
    wanted: FileText | None


class CrateContents:
    """The processes, and what they prepared. Methods block.

    Call `unpack` through `threads.unpack`, and all others through `threads.make_page`: what needs no
    unpacking waits for no crate.
    """

    def __init__(self) -> None:
        self._texts_pool = ReaderPool(PAGE_COMMAND, PAGE_READER_COUNT)
        self._unpacking_pool = ReaderPool(PAGE_COMMAND, PAGE_READER_COUNT)
        self._readmes: _Cache[UUID, str] = _Cache(CACHED_CHARACTERS, _length)
        self._lists: _Cache[CrateKey, list[ContainedFile]] = _Cache(CACHED_FILES, _length)
        self._texts: _Cache[tuple[CrateKey, str], FileText] = _Cache(
            CACHED_TEXT_BYTES, lambda file: ENTRY_COST + sys.getsizeof(file.text)
        )
        self._refused: _Cache[CrateKey, str] = _Cache(CACHED_REFUSALS, lambda reason: 1)
        # Of several who want the same crate, one has it unpacked and the others wait.
        self._turns: WeakValueDictionary[CrateKey, _Turn] = WeakValueDictionary()
        self._lock = Lock()

    def start(self) -> None:
        """Start a process for texts before there is one to render: that takes longer than the text."""
        self._texts_pool.start()

    def cached_readme(self, unit: UUID) -> str | None:
        """Return the readme of a unit as HTML, None if it is not prepared."""
        return self._readmes.get(unit)

    def readme(self, unit: UUID, text: str, repository: str | None) -> str:
        """Return a readme as HTML; if it takes too long to render, as it was written."""
        try:
            shown: str = self._texts_pool.ask(RenderReadme(text, repository))
        except (InvalidCrateFile, ServiceUnavailable):
            shown = f'<pre tabindex="0">{html.escape(text)}</pre>'
        self._readmes.put(unit, shown)
        return shown

    def is_unpacked(self, crate: StoredCrate, wanted: str | None = None) -> bool:
        """Whether the list of files is there, and the text of the `wanted` one."""
        files = self._lists.get(crate.key)
        if files is None:
            return self._refused.get(crate.key) is not None
        is_there = wanted is not None and any(one.path == wanted for one in files)
        return not is_there or self._texts.get((crate.key, wanted or "")) is not None

    def unpack(self, crate: StoredCrate, wanted: str | None = None) -> Unpacked:
        """Return the files of a crate, and the `wanted` one if there is one.

        Raises InvalidCrateFile, also for a crate that takes too long, and ServiceUnavailable.
        """
        with self._turn(crate.key):
            found = self._known(crate.key, wanted)
            if found is None:
                found = self._read(crate, wanted)
        return found

    def _known(self, key: CrateKey, wanted: str | None) -> Unpacked | None:
        if (reason := self._refused.get(key)) is not None:
            raise InvalidCrateFile(reason)
        files = self._lists.get(key)
        if files is None:
            return None
        if wanted is None or all(one.path != wanted for one in files):
            return Unpacked(files, None)
        text = self._texts.get((key, wanted))
        return None if text is None else Unpacked(files, text)

    def _read(self, crate: StoredCrate, wanted: str | None) -> Unpacked:
        with _on_disk(crate.domain, crate.file) as path:
            request = ReadContents(
                path, crate.name, crate.vers, limits(), wanted, MOST_SHOWN_BYTES, MOST_TEXT_BYTES
            )
            try:
                found: Contents = self._unpacking_pool.ask(request)
            except InvalidCrateFile as error:
                self._refused.put(crate.key, str(error))
                raise
        self._lists.put(crate.key, found.files)
        for inner, text in found.texts.items():
            self._texts.put((crate.key, inner), text)
        return Unpacked(found.files, None if wanted is None else found.texts.get(wanted))

    @contextmanager
    def _turn(self, key: CrateKey) -> Iterator[None]:
        with self._lock:
            turn = self._turns.setdefault(key, _Turn())
        with turn.lock:
            yield

    def lines(self, text: str, path: str) -> list[str]:
        """Return the lines of a file as HTML, without colours if these would take too long."""
        for file in (path, ""):
            try:
                found: list[str] = self._texts_pool.ask(HighlightFile(text, file))
            except InvalidCrateFile:
                continue
            return found
        return html.escape(text).split("\n")

    def differences(self, old: str, new: str) -> list[str] | None:
        """Return the lines in which two texts differ, None if they take too long to compare."""
        try:
            found: list[str] | None = self._texts_pool.ask(CompareTexts(old, new))
        except InvalidCrateFile:
            return None
        return found

    def stop(self) -> None:
        """End the processes, when the server ends."""
        self._texts_pool.stop()
        self._unpacking_pool.stop()


class _Turn:
    """A lock that can be referenced weakly."""

    def __init__(self) -> None:
        self.lock = Lock()


def _length(value: Sized) -> int:
    return len(value) + 1


@contextmanager
def _on_disk(domain: Domain, file: StoredFile) -> Iterator[str]:
    """Provide the path of a stored file; a file in an object storage is copied for the block."""
    if file.path is not None:
        yield file.path
        return
    with tempfile.NamedTemporaryFile(dir=settings.WORKING_DIRECTORY) as copy:
        with answering(), domain.get_storage().open(file.storage_name) as stored:
            while chunk := stored.read(CHUNK_BYTES):
                copy.write(chunk)
        copy.flush()
        yield copy.name
