"""A tar archive of .crate files, plain or packed by gzip, read forward and under limits.

It is read as strictly as a .crate file itself is: what is no plain file or folder is refused.
"""

import os
from collections.abc import Iterator
from typing import BinaryIO, cast

from pulp_cargo.protocol.errors import BadRequest, InvalidCrateFile
from pulp_cargo.protocol.gzip_stream import GzipStream
from pulp_cargo.protocol.tar import TarReader

SUFFIX = ".crate"
GZIP_MAGIC = b"\x1f\x8b"
# The most .crate files in one archive: all of them are judged before any is stored.
MOST_FILES = 10_000
# The most files and folders of any kind.
MOST_ENTRIES = 2 * MOST_FILES
# What an archive unpacks to must be less: all of it is on the disk of a worker for a while, at the
# word of anybody who may upload.
MOST_BYTES = 8 * 1024**3
LONGEST_SHOWN = 200


class PlainStream:
    """The bytes of a file as they are, read like those of a `GzipStream`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        """Return the next bytes; fewer than asked for only at the end."""
        parts = []
        while size and (part := self._file.read(size)):
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Pass over bytes, and return how many of them there were."""
        return len(self.read(size))


def crate_files(file: BinaryIO, *, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Go through the .crate files in an archive, each with its path; raises BadRequest.

    `max_bytes` is the most that one of them may have.
    """
    try:
        yield from _crate_files(TarReader(_unpacked(file)), max_bytes)
    except InvalidCrateFile as error:
        # The reader of .crate files did the reading, and speaks of those.
        raise BadRequest(str(error).replace("the crate file", "the archive")) from error


def _crate_files(reader: TarReader, max_bytes: int) -> Iterator[tuple[str, bytes]]:
    files = 0
    for number, entry in enumerate(reader, start=1):
        if number > MOST_ENTRIES:
            raise BadRequest(f"the archive has more than {MOST_ENTRIES} files and folders")
        if not entry.is_directory:
            files += 1
            path = entry.path.decode(errors="replace")
            _require_wanted(path[:LONGEST_SHOWN], path.endswith(SUFFIX), entry.size, max_bytes)
            if files > MOST_FILES:
                raise BadRequest(
                    f"the archive has more than {MOST_FILES} files; import it in parts"
                )
            yield path[:LONGEST_SHOWN], reader.read_content()


def _require_wanted(shown: str, is_crate: bool, size: int, max_bytes: int) -> None:
    if not is_crate:
        raise BadRequest(f"`{shown}` in the archive is not a {SUFFIX} file")
    if size > max_bytes:
        raise BadRequest(
            f"`{shown}` in the archive has {size} bytes, and this registry takes at most {max_bytes}"
        )


def _unpacked(file: BinaryIO) -> GzipStream:
    packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(0)
    if packed:
        return GzipStream(file, MOST_BYTES)
    if size >= MOST_BYTES:
        raise BadRequest(
            f"the archive has {size} bytes, and it must have less than {MOST_BYTES}; import it in"
            " parts"
        )
    return cast(GzipStream, PlainStream(file))
