"""Whether the disks have room, so that a public cache cannot fill the disk of the database.

Below `CARGO_MIN_FREE_BYTES` no more files of upstreams are stored, and publishes are refused.
"""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.protocol.unavailable import StorageFull


class FreeSpace:
    """The free space of the disks, measured at most once per `FREE_SPACE_FRESH_SECONDS`."""

    def __init__(self) -> None:
        self._has_room, self._until = True, 0.0

    def has_room(self) -> bool:
        """Whether the folders for temporary and stored files have at least the free space of the setting."""
        now = time.monotonic()
        if now >= self._until:
            least = settings.CARGO_MIN_FREE_BYTES
            self._has_room = all(_free(place) >= least for place in _places())
            self._until = now + timeouts.FREE_SPACE_FRESH_SECONDS
        return self._has_room

    def require_room(self) -> None:
        """Raise StorageFull unless `has_room`."""
        if not self.has_room():
            raise StorageFull


def _places() -> set[str]:
    return {str(settings.WORKING_DIRECTORY), str(settings.MEDIA_ROOT)}


def _free(place: str) -> float:
    try:
        found = os.statvfs(place)
    except OSError:
        # An object storage has no folder here; a folder that fails raises its error when it is used.
        return float("inf")
    return found.f_bavail * found.f_frsize


@contextmanager
def storage_full() -> Iterator[None]:
    """Turn the error of a full disk into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull from error
        raise
