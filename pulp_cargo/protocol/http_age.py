"""How long another server asks to wait (RFC 9110, 10.2.3 "Retry-After")."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"[0-9]{1,9}")


def parse_retry_after(header: str | None, *, now: datetime, most: int) -> int | None:
    """Return the seconds to wait, from 0 to `most`; None if the header is missing or invalid.

    >>> now = datetime(2026, 1, 2, 3, 4, 0, tzinfo=UTC)
    >>> parse_retry_after("120", now=now, most=60)
    60
    >>> parse_retry_after("Fri, 02 Jan 2026 03:04:05 GMT", now=now, most=60)
    5
    """
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return min(int(text), most)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError):
        return None
    if until.tzinfo is None:
        # The oldest date format has no time zone; HTTP dates are always in GMT.
        until = until.replace(tzinfo=UTC)
    return max(0, min(int((until - now).total_seconds()), most))
