"""Counters of failures of upstream registries, for monitoring (see telemetry)."""

from collections import Counter
from enum import StrEnum


class Event(StrEnum):
    """A kind of failure."""

    UNREACHABLE = "unreachable"
    INDEX_INVALID = "index-invalid"
    STALE = "stale"
    CHECKSUM = "checksum"
    CUT_OFF = "cut-off"
    NOT_KEPT = "not-kept"
    REPLACED = "replaced"


# All counters exist from the start, because a metric that is missing cannot be seen to increase.
events: Counter[Event] = Counter(dict.fromkeys(Event, 0))


def note(event: Event) -> None:
    """Count an event."""
    events[event] += 1
