"""The index of an upstream registry in the forms that can be read at once (Cargo Book, "Index Format").

git index        `https://…`, `ssh://…` or `file://…`: config.json and index files in a repository
sparse index     `sparse+https://…`: the same files over HTTP, which cannot be listed
local registry   `file://…`: a folder with `index/` and the .crate files beside it
"""

import asyncio
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol, runtime_checkable

from pulp_cargo.app.runtime.background_loop import BackgroundLoop
from pulp_cargo.app.upstream.answer import Validators
from pulp_cargo.app.upstream.client import Client
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.git import GitRepository
from pulp_cargo.app.upstream.retries import with_retries
from pulp_cargo.protocol.packed_index import MAX_SIZE, decode_sent
from pulp_cargo.protocol.paths import index_path, is_misplaced, name_at
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid, UpstreamUnreachable
from pulp_cargo.protocol.upstream_config import UpstreamConfig, parse_upstream_config

# A crate's lower-case name and its index file, None if there is none. One that is too large is cut off
# after the largest size, for its reader to refuse.
IndexFile = tuple[str, bytes | None]
Note = Callable[[str], None]

# Index files that are requested before the first of them is used.
REQUESTS_AT_ONCE = 100


class IndexSource(Protocol):
    """An index whose files are read by name; the generators raise CannotCopy."""

    def named(self, names: Iterable[str]) -> Iterator[IndexFile]:
        """Yield the index files of crates, in order."""
        ...


@runtime_checkable
class ListedSource(IndexSource, Protocol):
    """An index that can be listed."""

    def every(self, wanted: Callable[[str], bool], misplaced: Note) -> Iterator[IndexFile]:
        """Yield the index files of all wanted crates, or of those that have changed.

        Calls `misplaced` with the paths of files that seem to be index files of wanted crates.
        """
        ...


class GitIndex:
    """A commit of a git index; with `base`, only what has changed since that commit is listed."""

    def __init__(self, repository: GitRepository, commit: str, base: str | None) -> None:
        self._repository, self._commit = repository, commit
        self.base = base

    def config(self) -> UpstreamConfig:
        """Return config.json of the commit; raises UpstreamConfigInvalid and CannotCopy."""
        wanted = [("", f"{self._commit}:config.json")]
        for _, body in self._repository.read(wanted, MAX_SIZE):
            if body is not None:
                return parse_upstream_config(body)
        raise CannotCopy(
            "the git repository has no config.json, so it is not the index of a registry"
        )

    def named(self, names: Iterable[str]) -> Iterator[IndexFile]:
        """Yield the index files of crates, in order."""
        wanted = ((name, f"{self._commit}:{index_path(name)}") for name in names)
        yield from self._repository.read(wanted, MAX_SIZE)

    def every(self, wanted: Callable[[str], bool], misplaced: Note) -> Iterator[IndexFile]:
        """Yield the wanted index files of the commit, or those that differ from `base`."""
        gone: list[str] = []
        yield from self._repository.read_all(self._objects(wanted, misplaced, gone), MAX_SIZE)
        yield from ((name, None) for name in gone)

    def _objects(
        self, wanted: Callable[[str], bool], misplaced: Note, gone: list[str]
    ) -> Iterator[tuple[str, str]]:
        for path, oid in self._paths():
            name = _wanted_at(path, wanted, misplaced if oid is not None else None)
            if name is None:
                continue
            if oid is None:
                gone.append(name)
            else:
                yield name, oid

    def _paths(self) -> Iterator[tuple[str, str | None]]:
        if self.base is not None:
            return self._repository.changes(self.base, self._commit)
        return iter(self._repository.tree(self._commit))


class SparseIndex:
    """A sparse index; requests run on the event loop of the client."""

    def __init__(self, client: Client, loop: BackgroundLoop) -> None:
        self._client, self._loop = client, loop

    def named(self, names: Iterable[str]) -> Iterator[IndexFile]:
        """Yield the index files of crates, in order, some at a time."""
        source = iter(names)
        while batch := list(islice(source, REQUESTS_AT_ONCE)):
            yield from self._loop.start(self._fetch_all(batch)).result()

    async def _fetch_all(self, names: list[str]) -> list[IndexFile]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._fetch(name)) for name in names]
        except* (UpstreamUnreachable, UpstreamIndexInvalid) as failed:
            error = failed.exceptions[0]
            detail = getattr(error, "detail", "")
            raise CannotCopy(f"{error}{detail and f' ({detail})'}") from error
        return [task.result() for task in tasks]

    async def _fetch(self, name: str) -> IndexFile:
        connection = self._client.connection
        fetched = await with_retries(
            lambda: self._client.index_file(name, Validators()),
            connection.breaker,
            connection.max_retries,
        )
        if fetched.body is None or not fetched.found:
            return name, None
        return name, decode_sent(fetched.body, fetched.encoding, name)[0]


class LocalRegistry:
    """A folder as `cargo local-registry` writes it; no symbolic link in it is followed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def named(self, names: Iterable[str]) -> Iterator[IndexFile]:
        """Yield the index files of crates, in order."""
        for name in names:
            yield name, self._read(name)

    def every(self, wanted: Callable[[str], bool], misplaced: Note) -> Iterator[IndexFile]:
        """Yield the wanted index files in the order of their paths."""
        index = self._folder / "index"
        for folder, folders, files in os.walk(index, followlinks=False):
            folders.sort()
            for file in sorted(files):
                path = str(Path(folder, file).relative_to(index))
                name = _wanted_at(path, wanted, misplaced)
                if name is not None:
                    yield name, self._read(name)

    def open_file(self, name: str, vers: str) -> BinaryIO:
        """Open a .crate file; raises OSError."""
        return open_below(self._folder, f"{name}-{vers}.crate")

    def _read(self, name: str) -> bytes | None:
        with suppress(OSError), open_below(self._folder, f"index/{index_path(name)}") as file:
            return file.read(MAX_SIZE + 1)
        return None


def _wanted_at(path: str, wanted: Callable[[str], bool], misplaced: Note | None) -> str | None:
    """Return the name of the wanted crate whose index file is at a path, None if there is none."""
    name = name_at(path)
    if name is not None:
        return name if wanted(name) else None
    if misplaced is not None and is_misplaced(path) and wanted(path.rpartition("/")[2].lower()):
        misplaced(path)
    return None


def open_below(folder: Path, path: str) -> BinaryIO:
    """Open a file below a folder for reading, without following any link; raises OSError."""
    *parents, name = path.split("/")
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for place, part in enumerate([*parents, name]):
            if part in ("", ".", ".."):
                raise FileNotFoundError(path)
            kind = os.O_DIRECTORY if place < len(parents) else os.O_NONBLOCK
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | kind, dir_fd=handle)
            os.close(handle)
            handle = inner
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise FileNotFoundError(path)
        return os.fdopen(handle, "rb")
    except BaseException:
        # Whatever it is, nobody else would close it.
        os.close(handle)
        raise
