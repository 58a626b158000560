"""A folder on the server that is imported, below one of Pulp's `ALLOWED_IMPORT_PATHS`.

Every component of a path is opened relative to the folder before it, and never through a symbolic
link, so that nothing outside is read even if somebody moves files meanwhile.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from pulp_cargo.app.services.imports.source_file import SourceFile, Unreadable
from pulp_cargo.protocol.errors import BadRequest

# Maximum number of .crate files in a folder; all are examined before any is stored.
MOST_FILES = 100_000
# Maximum number of files and folders, whose names are in memory folder by folder.
MOST_ENTRIES = 1_000_000
MOST_DEPTH = 50

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# A FIFO would block until somebody writes to it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_KINDS = (
    (stat.S_ISLNK, "a symbolic link"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
)


def allowed_path(path: str) -> tuple[str, tuple[str, ...]]:
    """Return the allowed folder that contains a path, and the components below it.

    Raises BadRequest for a path that is not absolute or, after links and `..` are resolved, not
    below an allowed folder.
    """
    if not os.path.isabs(path) or "\0" in path:
        raise BadRequest(f"`{path[:200]}` is not the absolute path of a folder on the server")
    real = Path(os.path.realpath(path))
    for allowed in map(os.path.realpath, settings.ALLOWED_IMPORT_PATHS):
        if real.is_relative_to(allowed):
            return allowed, real.relative_to(allowed).parts
    raise BadRequest(
        f"`{path[:200]}` is not below one of the folders in the setting ALLOWED_IMPORT_PATHS"
    )


def folder_files(path: str) -> Iterator[SourceFile]:
    """Iterate over the files below a folder; the content of each can be read before the next.

    Raises BadRequest if the folder is not allowed or cannot be read, or has too many files.
    """
    root, parts = allowed_path(path)
    try:
        handle = _opened(root, parts)
    except OSError as error:
        raise BadRequest(f"the folder `{path[:200]}` cannot be read: {error.strerror}") from error
    try:
        for number, file in enumerate(_files(handle, "", 1), start=1):
            if number > MOST_ENTRIES:
                raise BadRequest(f"the folder has more than {MOST_ENTRIES} files; import its parts")
            yield file
    finally:
        os.close(handle)


def _opened(root: str, parts: tuple[str, ...]) -> int:
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in parts:
        try:
            below = os.open(part, _FOLDER, dir_fd=handle)
        finally:
            os.close(handle)
        handle = below
    return handle


def _files(folder: int, prefix: str, depth: int) -> Iterator[SourceFile]:
    """Iterate over the files below an open folder, in the order of their names."""
    for name in sorted(os.listdir(folder)):
        path = prefix + name
        try:
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            yield _unreadable(path, f"it cannot be read: {error.strerror}")
            continue
        if not stat.S_ISDIR(found.st_mode):
            yield from _file(folder, name, path)
        elif depth == MOST_DEPTH:
            yield _unreadable(path, f"it is more than {MOST_DEPTH} folders deep")
        else:
            yield from _folder(folder, name, path, depth)


def _folder(parent: int, name: str, path: str, depth: int) -> Iterator[SourceFile]:
    try:
        handle = os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        yield _unreadable(path, f"it cannot be read: {error.strerror}")
        return
    try:
        yield from _files(handle, f"{path}/", depth + 1)
    finally:
        os.close(handle)


def _file(folder: int, name: str, path: str) -> Iterator[SourceFile]:
    """Yield a file, which is closed when the next one is asked for."""
    try:
        handle = os.open(name, _FILE, dir_fd=folder)
    except OSError as error:
        fault = f"it cannot be read: {error.strerror}"
        with suppress(OSError):
            fault = _kind(os.stat(name, dir_fd=folder, follow_symlinks=False)) or fault
        yield _unreadable(path, fault)
        return
    try:
        opened = os.fstat(handle)

        def read(size: int) -> bytes:
            return _read(handle, size, opened)

        yield SourceFile(_text(path), opened.st_size, read, _kind(opened))
    finally:
        os.close(handle)


def _read(handle: int, size: int, opened: os.stat_result) -> bytes:
    """Read a part of a file; raises Unreadable if it was changed since it was opened."""
    try:
        data = os.read(handle, size)
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from error
    now = os.fstat(handle)
    if (now.st_size, now.st_mtime_ns) != (opened.st_size, opened.st_mtime_ns):
        raise Unreadable("it was changed while it was read")
    return data


def _kind(found: os.stat_result) -> str | None:
    """Return what a file is instead of a regular one, None for a regular file."""
    if stat.S_ISREG(found.st_mode):
        return None
    return next((f"it is {what}" for test, what in _KINDS if test(found.st_mode)), "it is a device")


def _unreadable(path: str, fault: str) -> SourceFile:
    return SourceFile(_text(path), 0, lambda size: b"", fault)


def _text(path: str) -> str:
    """Return a path without the bytes that are not UTF-8, which no message could have."""
    return os.fsencode(path).decode("utf-8", "replace")
