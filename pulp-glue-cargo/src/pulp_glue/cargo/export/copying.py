"""Copies files into an export and verifies them, in this process or in a process of its own.

`python -m pulp_glue.cargo.export.copying` copies the files that a line of standard input names, and
answers with a line, until the input ends. Python's threads do not do this at the same time: small
files are hardly more than calls of the system, each of which takes the interpreter's lock again.
"""

import hashlib
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from pulp_glue.cargo.export.versions import Unexportable

CHUNK = 1024 * 1024


class Copy(NamedTuple):
    """A file to be copied to a temporary path, and then to be moved to its final one.

    `size` and `cksum` are those it must have; `size` is None if it is unknown.
    """

    source: str
    temporary: str
    final: str
    size: int | None
    cksum: str


class Failure(NamedTuple):
    """Why a file was not copied; `errno` is that of the system's error, 0 for another one."""

    errno: int
    reason: str


def copy(one: Copy) -> Failure | None:
    """Make a file appear under its final path, complete and verified, or not at all."""
    try:
        write_verified(pieces(one.source, one.size), one.temporary, one.size, one.cksum)
        os.replace(one.temporary, one.final)
        return None
    except Unexportable as error:
        failure = Failure(0, str(error))
    except OSError as error:
        failure = Failure(error.errno or 0, str(error.strerror or error))
    with suppress(FileNotFoundError):
        os.unlink(one.temporary)
    return failure


def pieces(path: str, size: int | None) -> Iterator[bytes]:
    """Yield the pieces of a file that should have so many bytes."""
    # One byte more, to see whether there are more.
    most = CHUNK if size is None else min(CHUNK, size + 1)
    handle = os.open(path, os.O_RDONLY)
    try:
        while chunk := os.read(handle, most):
            yield chunk
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
    # Ctrl-C reaches the whole process group, but this process ends with its input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for line in sys.stdin.buffer:
        answer = [copy(Copy(*one)) for one in json.loads(line)]
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()
    # Nothing is left to be done, and the export waits.
    os._exit(0)


if __name__ == "__main__":
    main()
