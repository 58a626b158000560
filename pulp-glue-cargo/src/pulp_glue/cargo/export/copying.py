"""Writes the files of an export and verifies them, in this process or in a process of its own.

As a script, with a path at which unfinished files may begin, it does what each request on standard
input names, and answers, until the input ends. Python's threads do not do this at the same time:
small files are hardly more than calls of the system, each of which takes the interpreter's lock
again.

An export waits for the start of the script. So this file imports only what takes no time to import,
and nothing that Python would look for in an environment.
"""

import errno
import gc
import hashlib
import marshal
import os
import sys
from collections.abc import Iterable, Iterator
from itertools import count

CHUNK = 1024 * 1024

# A file to be copied: its path, its path in the export or its name in a folder, the size that it
# must have, None if that is unknown, and its SHA-256.
Copy = tuple[str, str, int | None, str]
# The path of a folder that is not there yet, and its files.
Folder = tuple[str, list[Copy]]
# The path of an index file, and its content.
Text = tuple[str, bytes]
Request = tuple[list[Folder], list[Copy], list[Text]]
# Why a file was not written, and the `errno` of the system's error, 0 for another one.
Failure = tuple[int, str]


class Unexportable(Exception):
    """A crate version that cannot be exported, and why; the others still are."""


class Writer:
    """Writes files under temporary paths, and gives them their final paths when they are complete.

    Each method returns None for a file that is there, or the reason why it is not.
    """

    def __init__(self, unfinished: str) -> None:
        """Temporary paths begin with `unfinished`, and are on the file system of the export."""
        self._unfinished = unfinished
        self._numbers = count()

    def do(self, request: Request) -> list[Failure | None]:
        """Write the files of folders, then the others, then index files."""
        folders, files, texts = request
        answer = [failure for folder, copies in folders for failure in self.folder(folder, copies)]
        answer += [self.file(one) for one in files]
        answer += [self.text(final, content) for final, content in texts]
        return answer

    def folder(self, final: str, copies: list[Copy]) -> list[Failure | None]:
        """Make a folder appear with its verified files; one move takes as long as that of a file."""
        temporary = self._temporary()
        try:
            os.mkdir(temporary)
        except OSError as error:
            return [_failure(error)] * len(copies)
        failures = [_copy(one, f"{temporary}/{one[1]}") for one in copies]
        if all(failures):
            os.rmdir(temporary)
            return failures
        try:
            os.rename(temporary, final)
            return failures
        except OSError as error:
            # Another part of a crate with many versions may have made the folder meanwhile.
            is_there = error.errno in (errno.ENOTEMPTY, errno.EEXIST)
            unmoved = _failure(error)
        for place, (_, name, _, _) in enumerate(copies):
            if failures[place] is None:
                path = f"{temporary}/{name}"
                failures[place] = _publish(path, f"{final}/{name}") if is_there else unmoved
                _remove(path)
        os.rmdir(temporary)
        return failures

    def file(self, one: Copy) -> Failure | None:
        """Make a verified file appear."""
        temporary = self._temporary()
        return _copy(one, temporary) or _publish(temporary, one[1])

    def text(self, final: str, content: bytes) -> Failure | None:
        """Make an index file appear."""
        temporary = self._temporary()
        try:
            write_file(temporary, content)
        except OSError as error:
            _remove(temporary)
            return _failure(error)
        return _publish(temporary, final)

    def _temporary(self) -> str:
        return f"{self._unfinished}{next(self._numbers)}"


def _copy(one: Copy, path: str) -> Failure | None:
    """Write a verified file, or none."""
    source, _, size, cksum = one
    try:
        if size is None or size >= CHUNK or not _copy_small(source, path, size, cksum):
            write_verified(pieces(source, size), path, size, cksum)
        return None
    except Unexportable as error:
        failure = (0, str(error))
    except OSError as error:
        failure = _failure(error)
    _remove(path)
    return failure


def _copy_small(source: str, path: str, size: int, cksum: str) -> bool:
    """Write a verified file that one read has completely; False if that is not what it has."""
    handle = os.open(source, os.O_RDONLY)
    try:
        content = os.read(handle, size + 1)
    finally:
        os.close(handle)
    if len(content) != size or hashlib.sha256(content).hexdigest() != cksum:
        return False
    write_file(path, content)
    return True


def _publish(temporary: str, final: str) -> Failure | None:
    try:
        os.replace(temporary, final)
        return None
    except OSError as error:
        _remove(temporary)
        return _failure(error)


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def _failure(error: OSError) -> Failure:
    return error.errno or 0, str(error.strerror or error)


def pieces(path: str, size: int | None) -> Iterator[bytes]:
    """Yield the pieces of a file that should have so many bytes."""
    # One byte more, to see whether there are more.
    most = CHUNK if size is None else min(CHUNK, size + 1)
    handle = os.open(path, os.O_RDONLY)
    read = 0
    try:
        while chunk := os.read(handle, most):
            yield chunk
            read += len(chunk)
            # The byte more is not there.
            if read == size and len(chunk) < most:
                break
    finally:
        os.close(handle)


def write_verified(chunks: Iterable[bytes], path: str, size: int | None, cksum: str) -> None:
    """Write a new file; raises Unexportable if it is larger than it should be, or another one."""
    digest, written = hashlib.sha256(), 0
    handle = create(path)
    try:
        for chunk in chunks:
            written += len(chunk)
            if size is not None and written > size:
                raise Unexportable(f"the file has more than the {size} bytes of its record")
            digest.update(chunk)
            write_all(handle, chunk)
    finally:
        os.close(handle)
    if digest.hexdigest() != cksum:
        raise Unexportable(
            f"the file has the checksum {digest.hexdigest()}, but the index has {cksum}"
        )


def write_file(path: str, content: bytes) -> None:
    """Write a new file."""
    handle = create(path)
    try:
        write_all(handle, content)
    finally:
        os.close(handle)


def create(path: str) -> int:
    """Create a file, which must not exist, and return its descriptor."""
    # A file object takes as long as all else that is done with a small file.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)


def write_all(handle: int, content: bytes) -> None:
    """Write to a descriptor, which may take a part of the bytes only."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]


def main() -> None:
    """Answer requests until the input ends."""
    # Nothing here has cycles, and looking for them in each request takes time.
    gc.disable()
    writer = Writer(sys.argv[1])
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            request = marshal.load(requests)
        except EOFError:
            # Nothing is left to be done, and the export waits.
            os._exit(0)
        marshal.dump(writer.do(request), answers)
        answers.flush()


if __name__ == "__main__":
    main()
