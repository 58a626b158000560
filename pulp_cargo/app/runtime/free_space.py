"""Whether the disks have room: a cache that anybody may use must not fill those of the database.

Below `CARGO_MIN_FREE_BYTES` nothing more is stored of upstreams, and publishes are refused.
"""

import os
import time

from django.conf import settings

from pulp_cargo.protocol.unavailable import StorageFull

# How long an answer is good for, in seconds.
FRESH_SECONDS = 1.0

_has_room, _until = True, 0.0


def has_room() -> bool:
    """Whether the places where files come and stay have so much left as the setting wants."""
    global _has_room, _until
    now = time.monotonic()
    if now >= _until:
        _has_room = all(_free(place) >= settings.CARGO_MIN_FREE_BYTES for place in _places())
        _until = now + FRESH_SECONDS
    return _has_room


def require_room() -> None:
    """Raise StorageFull where there is less."""
    if not has_room():
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
