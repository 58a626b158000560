"""The contents of crates for web pages: rendered readmes, lists of files, and single files.

All of it is prepared in separate processes (`pulp_cargo.reader.pages`) with time limits, and results
are cached: the contents of a crate never change. The caller must check first whether a visitor may
see the crate.
"""

import html
import tempfile
from collections.abc import Hashable, Iterator, Sized
from contextlib import contextmanager, suppress
from threading import Lock
from typing import Generic, TypeVar
from uuid import UUID

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
    ListFiles,
    ReadFile,
    RenderReadme,
)
from pulp_cargo.rules.crate_contents import ContainedFile, FileText

K = TypeVar("K", bound=Hashable)
V = TypeVar("V", bound=Sized)

# Sizes of caches: characters of readmes, files in lists.
CACHED_CHARACTERS = 8 * 1024 * 1024
CACHED_FILES = 50_000
# Larger files are not shown, only listed.
MOST_SHOWN_BYTES = 512 * 1024
CHUNK_BYTES = 256 * 1024


class _Cache(Generic[K, V]):
    """Values by keys, for several threads; the sum of their lengths is limited."""

    def __init__(self, most: int) -> None:
        self._values: LRUCache[K, V] = LRUCache(most, getsizeof=lambda value: len(value) + 1)
        self._lock = Lock()

    def get(self, key: K) -> V | None:
        """Return a value, None without one."""
        with self._lock:
            return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Store a value, unless it is longer than all that may be stored."""
        with self._lock, suppress(ValueError):
            self._values[key] = value


class CrateContents:
    """The processes, and what they prepared. Methods block: call them through `threads.make_page`."""

    def __init__(self) -> None:
        self._pool = ReaderPool(PAGE_COMMAND, PAGE_READER_COUNT)
        self._readmes: _Cache[UUID, str] = _Cache(CACHED_CHARACTERS)
        self._lists: _Cache[tuple[str, str, str], list[ContainedFile]] = _Cache(CACHED_FILES)

    def cached_readme(self, unit: UUID) -> str | None:
        """Return the readme of a unit as HTML, None if it is not prepared."""
        return self._readmes.get(unit)

    def readme(self, unit: UUID, text: str, repository: str | None) -> str:
        """Return a readme as HTML; if it takes too long to render, as it was written."""
        try:
            shown: str = self._pool.ask(RenderReadme(text, repository))
        except (InvalidCrateFile, ServiceUnavailable):
            shown = f'<pre tabindex="0">{html.escape(text)}</pre>'
        self._readmes.put(unit, shown)
        return shown

    def files(self, domain: Domain, file: StoredFile, name: str, vers: str) -> list[ContainedFile]:
        """Return the files of a crate; raises InvalidCrateFile, ServiceUnavailable."""
        key = (file.cksum, name, vers)
        found = self._lists.get(key)
        if found is None:
            with _on_disk(domain, file) as path:
                found = list(self._pool.ask(ListFiles(path, name, vers, limits())))
            self._lists.put(key, found)
        return found

    def file(
        self, domain: Domain, file: StoredFile, name: str, vers: str, wanted: str
    ) -> FileText | None:
        """Return the text of one file, None without such a file.

        Raises InvalidCrateFile, ServiceUnavailable.
        """
        with _on_disk(domain, file) as path:
            found: FileText | None = self._pool.ask(
                ReadFile(path, name, vers, limits(), wanted, MOST_SHOWN_BYTES)
            )
        return found

    def lines(self, text: str, path: str) -> list[str]:
        """Return the lines of a file as HTML, without colours if these would take too long."""
        for file in (path, ""):
            try:
                found: list[str] = self._pool.ask(HighlightFile(text, file))
            except InvalidCrateFile:
                continue
            return found
        return html.escape(text).split("\n")

    def differences(self, old: str, new: str) -> list[str] | None:
        """Return the lines in which two texts differ, None if they take too long to compare."""
        try:
            found: list[str] | None = self._pool.ask(CompareTexts(old, new))
        except InvalidCrateFile:
            return None
        return found

    def stop(self) -> None:
        """End the processes, when the server ends."""
        self._pool.stop()


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
