"""Whether the disks have room: a cache that anybody may use must not fill those of the database.

Below `CARGO_MIN_FREE_BYTES` nothing more is stored of upstreams, and publishes are refused.
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
    """What the disks had left a moment ago."""

    def __init__(self) -> None:
        self._has_room, self._until = True, 0.0

    def has_room(self) -> bool:
        """Whether the places where files come and stay have so much left as the setting wants."""
        now = time.monotonic()
        if now >= self._until:
            least = settings.CARGO_MIN_FREE_BYTES
            self._has_room = all(_free(place) >= least for place in _places())
            self._until = now + timeouts.FREE_SPACE_FRESH_SECONDS
        return self._has_room

    def require_room(self) -> None:
        """Raise StorageFull where there is less."""
        if not self.has_room():
            raise StorageFull


def _places() -> set[str]:
    return {str(settings.WORKING_DIRECTORY), str(settings.MEDIA_ROOT)}


def _free(place: str) -> float:
    try:
        found = os.statvfs(place)
    except OSError:
        # An object storage has no folder here, or what is wrong with one shows when it is used.
        return float("inf")
    return found.f_bavail * found.f_frsize


# What this process knows.
free_space = FreeSpace()
has_room = free_space.has_room
require_room = free_space.require_room


@contextmanager
def storage_full() -> Iterator[None]:
    """Turn a disk's refusal to take more into StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull from error
        raise
