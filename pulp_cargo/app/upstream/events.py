"""What went wrong with upstream registries, counted for whoever watches (see telemetry)."""

from collections import Counter
from enum import StrEnum


class Event(StrEnum):
    """A kind of fault."""

    UNREACHABLE = "unreachable"
    INDEX_INVALID = "index-invalid"
    STALE = "stale"
    CHECKSUM = "checksum"
    CUT_OFF = "cut-off"
    NOT_KEPT = "not-kept"


events: Counter[Event] = Counter()


def note(event: Event) -> None:
    """Count an event."""
    events[event] += 1
