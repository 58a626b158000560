"""A file on a local disk, compared with its size and checksum."""

import hashlib
import os
from pathlib import Path


class Missing(Exception):
    """The file does not exist, or cannot be read."""


class Damaged(Exception):
    """The file has another size, or other bytes."""


def read_sound(path: Path, *, size: int, sha256: str, most: int) -> bytes | None:
    """Return the bytes of a file of up to `most` bytes; of a larger file, only check the size.

    Raises Missing and Damaged.
    """
    try:
        with path.open("rb") as file:
            is_whole = os.fstat(file.fileno()).st_size == size
            content = file.read() if is_whole and size <= most else None
    except OSError as error:
        raise Missing from error
    if not is_whole or (content is not None and hashlib.sha256(content).hexdigest() != sha256):
        raise Damaged
    return content
