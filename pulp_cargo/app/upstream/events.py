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
    NOT_STORED = "not-kept"
    REPLACED = "replaced"


# All kinds are there from the start, since a new time series shows no increase. The counts are at
# module level like the OpenTelemetry instruments that read them: there is one meter per interpreter.
events: Counter[Event] = Counter(dict.fromkeys(Event, 0))


def note(event: Event) -> None:
    """Count an event."""
    events[event] += 1
