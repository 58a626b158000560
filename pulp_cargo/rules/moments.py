"""The past states of a registry that its URL can name: `@42`, `@2026-11-01`, `@release-7`.

A state has one spelling, because cargo takes the URL of a registry as its identity.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pulp_cargo.protocol.errors import BadRequest, NotFound
from pulp_cargo.protocol.upstream_index import UpstreamVersion

_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")
LABEL_RULE = "a label begins with a letter, and has at most 64 letters, digits, `-`, `_` and `.`"
RULE = (
    "it must be the number of a repository version (`42`), a date (`2026-11-01`) or time"
    " (`2026-11-01T12:00:00Z`) in UTC, or a label (`release-7`)"
)


class InvalidMoment(NotFound):
    """Text does not name a state of a registry."""

    def __init__(self, text: str) -> None:
        super().__init__(f"`@{text[:80]}` does not name a state of this registry: {RULE}")


class InvalidLabel(BadRequest):
    """Text cannot be a label of a repository version."""

    def __init__(self, label: str) -> None:
        super().__init__(f"`{label[:80]}` cannot be a label: {LABEL_RULE}")


@dataclass(frozen=True, slots=True)
class AtNumber:
    """The repository version with this number."""

    number: int


@dataclass(frozen=True, slots=True)
class AtTime:
    """The newest state of a time, inclusive."""

    until: datetime


@dataclass(frozen=True, slots=True)
class AtLabel:
    """The repository version with this label."""

    label: str


Moment = AtNumber | AtTime | AtLabel


def parse_moment(text: str) -> Moment:
    """Return the state that the text after `@` names; a date means the end of that day.

    Raises InvalidMoment.

    >>> parse_moment("42"), parse_moment("release-7")
    (AtNumber(number=42), AtLabel(label='release-7'))
    >>> parse_moment("2026-11-01").until.isoformat()
    '2026-11-01T23:59:59.999999+00:00'
    """
    if _NUMBER.fullmatch(text):
        return AtNumber(int(text))
    if _LABEL.fullmatch(text):
        return AtLabel(text)
    try:
        if _DATE.fullmatch(text):
            day = datetime.fromisoformat(text)
            end = day.replace(hour=23, minute=59, second=59, microsecond=999_999, tzinfo=UTC)
            return AtTime(end)
        if _TIME.fullmatch(text):
            return AtTime(datetime.fromisoformat(text))
    except ValueError as error:
        raise InvalidMoment(text) from error
    raise InvalidMoment(text)


def parse_label(text: str) -> str:
    """Return a valid label; raises InvalidLabel.

    >>> parse_label("release-7")
    'release-7'
    """
    if not _LABEL.fullmatch(text):
        raise InvalidLabel(text)
    return text


def published_later(
    versions: Iterable[UpstreamVersion], first_seen: Mapping[str, str], until: datetime
) -> frozenset[str]:
    """Return the versions of an upstream that were not there at a time.

    One without a `pubtime` was there if it was first seen here by then. If that is not known, it is
    left out: a build that is repeated must never find more than it did.
    """
    return frozenset(
        one.vers for one in versions if not _was_there(one, first_seen.get(one.vers), until)
    )


def _was_there(one: UpstreamVersion, first_seen: str | None, until: datetime) -> bool:
    since = one.pubtime or first_seen
    return since is not None and datetime.fromisoformat(since) <= until
