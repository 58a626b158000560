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
    REPLACED = "replaced"


# All of them from the start: what is not there cannot be seen to grow.
events: Counter[Event] = Counter(dict.fromkeys(Event, 0))


def note(event: Event) -> None:
    """Count an event."""
    events[event] += 1
