"""Git repositories that are indexes, in an archive or a folder that is imported.

`git` reads them, but only copies of their objects and references: hooks, configuration and object
folders of other repositories are never used, since an archive could have any.
"""

import os
import re
import resource
import subprocess
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.runtime.free_space import storage_full
from pulp_cargo.app.runtime.pipes import input_of, output_of
from pulp_cargo.app.services.imports.refused import Refused
from pulp_cargo.app.services.imports.source_file import SourceFile
from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.packed_index import MAX_SIZE
from pulp_cargo.rules.import_files import git_file, index_name

ALTERNATES = "objects/info/alternates"
# Maximum address space of `git`, in bytes: a small pack may have huge objects.
MOST_MEMORY = 4 * 1024**3
# Number of objects that are requested at once; their ids must fit into a pipe.
OBJECTS_AT_ONCE = 200
_SHA256_OBJECT = re.compile(r"objects/([0-9a-f]{2}/[0-9a-f]{62}|pack/pack-[0-9a-f]{64}\..*)")
_SHA1_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"
_SHA256_CONFIG = (
    "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
)


@dataclass(slots=True)
class _Repository:
    copy: str
    has_head: bool = False
    has_objects: bool = False
    is_sha256: bool = False
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class _Blob:
    """An index file in the newest commit of a repository."""

    path: str
    name: str
    object_id: str
    size: int


class GitIndexes:
    """Copies of the git repositories in an archive or folder, by their paths there."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="git-", dir=".")
        self._repositories: dict[str, _Repository] = {}

    def add(self, file: SourceFile) -> None:
        """Copy a file of a repository; raises Unreadable and StorageFull."""
        place, path = git_file(file.path)
        if place not in self._repositories:
            copy = os.path.abspath(f"{self._folder.name}/{len(self._repositories)}")
            self._repositories[place] = _Repository(copy)
        repository = self._repositories[place]
        if path == ALTERNATES:
            repository.fault = "it borrows objects of another repository; run `git repack -a` there"
            return
        repository.has_head |= path == "HEAD"
        repository.has_objects |= path.startswith("objects/")
        repository.is_sha256 |= bool(_SHA256_OBJECT.fullmatch(path))
        _write(f"{repository.copy}/{path}", file.chunks())

    def index_files(self) -> Iterator[tuple[str, str, bytes] | Refused]:
        """Yield path, name of the crate and content of each index file, and what cannot be read."""
        for place, repository in self._repositories.items():
            if not (repository.has_head and repository.has_objects):
                continue
            try:
                if repository.fault is not None:
                    raise BadRequest(repository.fault)
                yield from _index_files(repository, place)
            except (BadRequest, OSError) as error:
                yield Refused(place or ".", f"the git repository cannot be read: {error}")

    def close(self) -> None:
        """Remove the copies."""
        self._folder.cleanup()


def _write(path: str, chunks: Iterable[bytes]) -> None:
    with storage_full():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as copy:
            copy.writelines(chunks)


def _index_files(repository: _Repository, place: str) -> Iterator[tuple[str, str, bytes] | Refused]:
    # Without this folder, git does not take it for a repository.
    os.makedirs(f"{repository.copy}/refs", exist_ok=True)
    config = _SHA256_CONFIG if repository.is_sha256 else _SHA1_CONFIG
    _write(f"{repository.copy}/config", [config.encode()])
    blobs = []
    for blob in _newest_commit(repository.copy, place):
        if blob.size > MAX_SIZE:
            yield Refused(blob.path, f"it has more than the {MAX_SIZE} bytes of an index file")
        else:
            blobs.append(blob)
    with _git(repository.copy, "cat-file", "--batch") as (to_git, from_git):
        for start in range(0, len(blobs), OBJECTS_AT_ONCE):
            batch = blobs[start : start + OBJECTS_AT_ONCE]
            to_git.write("".join(f"{blob.object_id}\n" for blob in batch).encode())
            to_git.flush()
            for blob in batch:
                yield blob.path, blob.name, _content(from_git, blob)


def _newest_commit(copy: str, place: str) -> Iterator[_Blob]:
    """Yield the index files of the commit to which HEAD refers; raises BadRequest."""
    with _git(copy, "ls-tree", "-r", "-l", "-z", "--full-tree", "HEAD") as (_, from_git):
        for entry in _terminated(from_git):
            facts, _, path = entry.decode("utf-8", "replace").partition("\t")
            mode, kind, object_id, size = facts.split()
            name = index_name(path)
            # A link is a blob, too.
            if kind == "blob" and mode.startswith("100") and name is not None:
                yield _Blob(place + path, name, object_id, int(size))


def _terminated(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the parts of a file that are terminated by NUL."""
    rest = b""
    while chunk := file.read(64 * 1024):
        *entries, rest = (rest + chunk).split(b"\0")
        yield from entries


def _content(file: IO[bytes], blob: _Blob) -> bytes:
    """Return the next object in the output of `git cat-file`; raises BadRequest."""
    head = file.readline(200).split()
    body = file.read(blob.size + 1)
    if head[1:] != [b"blob", str(blob.size).encode()] or len(body) != blob.size + 1:
        raise BadRequest(f"the object of `{blob.path[:200]}` is missing or damaged")
    return body[:-1]


@contextmanager
def _git(copy: str, *arguments: str) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Run `git` in a copy, and yield its input and output; raises BadRequest if it fails."""
    with tempfile.TemporaryFile(dir=".") as errors:
        process = _started(copy, arguments, errors)
        limit = threading.Timer(timeouts.GIT_TIMEOUT_SECONDS, process.kill)
        limit.start()
        try:
            with process:
                yield input_of(process), output_of(process)
        finally:
            limit.cancel()
            process.kill()
        if process.returncode:
            errors.seek(0)
            said = errors.read(400).decode("utf-8", "replace").strip()
            raise BadRequest(f"git {arguments[0]} failed: {said or process.returncode}")


def _started(copy: str, arguments: Sequence[str], errors: IO[bytes]) -> "subprocess.Popen[bytes]":
    """Start `git` without the configuration of system and user, and with limited memory."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_DIR": copy,
        "HOME": copy,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(
            ["git", *arguments], env=environment, cwd=copy, stdin=pipe, stdout=pipe, stderr=errors
        )
    except FileNotFoundError as error:
        raise BadRequest("the program `git` is not installed on the worker") from error
    with suppress(ProcessLookupError):
        resource.prlimit(process.pid, resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    return process
