"""A file on a disk of our own, compared with what is known of it."""

import hashlib
import os
from pathlib import Path


class Missing(Exception):
    """There is no such file, or it cannot be read."""


class Damaged(Exception):
    """It has another size, or other bytes."""


def read_sound(path: Path, *, size: int, sha256: str, most: int) -> bytes | None:
    """Return the bytes of a file of up to `most` bytes; of a larger one only look at its size.

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
