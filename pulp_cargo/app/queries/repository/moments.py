"""The version of a repository that a number, a time or a label names, at a cost independent of their number."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.app.runtime.rows import all_rows, first_row
from pulp_cargo.protocol.errors import Gone, NotFound
from pulp_cargo.rules.moments import AtLabel, AtNumber, AtTime, Moment

# How many labels a message names.
MOST_LABELS = 5

OF_NUMBER = """
    SELECT pulp_id, number, pulp_created FROM core_repositoryversion
    WHERE repository_id = %(repository)s AND number = %(number)s AND complete
"""
NEWEST = """
    SELECT pulp_id, number, pulp_created FROM core_repositoryversion
    WHERE repository_id = %(repository)s AND complete ORDER BY number DESC LIMIT 1
"""
OF_LABEL = """
    SELECT v.pulp_id, v.number, v.pulp_created FROM cargo_versionlabel l
    JOIN core_repositoryversion v ON v.pulp_id = l.version_id
    WHERE l.repository_id = %(repository)s AND l.label = %(label)s AND v.complete
"""
# With the number of the version after it: if one is missing between them, the newest of that time may
# be one that was deleted.
OF_TIME = """
    SELECT v.pulp_id, v.number, v.pulp_created, (
        SELECT number FROM core_repositoryversion
        WHERE repository_id = %(repository)s AND complete AND number > v.number
        ORDER BY number LIMIT 1
    )
    FROM core_repositoryversion v
    WHERE v.repository_id = %(repository)s AND v.complete AND v.pulp_created <= %(until)s
    ORDER BY v.number DESC LIMIT 1
"""
NEAREST = """
    SELECT
        (SELECT max(number) FROM core_repositoryversion
            WHERE repository_id = %(repository)s AND complete AND number < %(number)s),
        (SELECT min(number) FROM core_repositoryversion
            WHERE repository_id = %(repository)s AND complete AND number > %(number)s)
"""
OLDEST = """
    SELECT v.number, v.pulp_created, r.pulp_created FROM core_repositoryversion v
    JOIN core_repository r ON r.pulp_id = v.repository_id
    WHERE v.repository_id = %(repository)s AND v.complete ORDER BY v.number LIMIT 1
"""
LABELS = """
    SELECT label FROM cargo_versionlabel
    WHERE repository_id = %(repository)s ORDER BY pulp_created DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A complete version of a repository, and when it was created."""

    pk: UUID
    number: int
    created: datetime


def version_at(repository: UUID, moment: Moment) -> PastVersion:
    """Return the repository version that was the newest at a moment, or that has a number or label.

    Raises NotFound if there was none, and Gone if it was deleted.
    """
    match moment:
        case AtNumber(number):
            return _of_number(repository, number)
        case AtLabel(label):
            return _of_label(repository, label)
        case AtTime(until):
            return _of_time(repository, until)


def newest_version(repository: UUID) -> PastVersion:
    """Return the newest version of a repository; raises NotFound if the repository was deleted."""
    row = first_row(NEWEST, {"repository": repository})
    if row is None:
        raise NotFound("this repository has no versions")
    return PastVersion(*row)


def require_past(until: datetime) -> None:
    """Raise NotFound for a time that is not over: its state would still change."""
    if until > datetime.now(UTC):
        raise NotFound(
            f"{_text(until)} is in the future, so what this registry will serve then is not known;"
            " use an earlier time, or the registry's own URL for its newest state"
        )


def _of_number(repository: UUID, number: int) -> PastVersion:
    row = first_row(OF_NUMBER, {"repository": repository, "number": number})
    if row is not None:
        return PastVersion(*row)
    below, above = first_row(NEAREST, {"repository": repository, "number": number}) or (None, None)
    if above is None:
        newest = "there is none" if below is None else f"the newest is `@{below}`"
        raise NotFound(f"there is no version {number} of this repository: {newest}")
    raise Gone(
        f"version {number} of this repository was deleted; the nearest versions that exist are"
        f" {_named(below, above)}"
    )


def _of_label(repository: UUID, label: str) -> PastVersion:
    row = first_row(OF_LABEL, {"repository": repository, "label": label})
    if row is not None:
        return PastVersion(*row)
    labels = [row[0] for row in all_rows(LABELS, {"repository": repository, "most": MOST_LABELS})]
    named = ", ".join(f"`@{one}`" for one in labels)
    there = f"the latest labels are {named}" if labels else "none has a label"
    raise NotFound(f"no version of this repository has the label `{label}`: {there}")


def _of_time(repository: UUID, until: datetime) -> PastVersion:
    require_past(until)
    row = first_row(OF_TIME, {"repository": repository, "until": until})
    if row is None:
        raise _before_all(repository, until)
    *found, following = row
    version = PastVersion(*found)
    if following is not None and following > version.number + 1:
        raise Gone(
            f"it is not known which version was the newest at {_text(until)}, because versions between"
            f" {_named(version.number, following)} were deleted"
        )
    return version


def _before_all(repository: UUID, until: datetime) -> NotFound | Gone:
    row = first_row(OLDEST, {"repository": repository})
    if row is None:
        return NotFound("this repository has no versions")
    number, created, began = row
    oldest = f"the oldest version that exists is `@{number}` of {_text(created)}"
    # The first version is created with its repository.
    if number == 0 or until < began:
        return NotFound(f"this repository had no version at {_text(until)}: {oldest}")
    return Gone(f"the version of {_text(until)} was deleted; {oldest}")


def _named(*numbers: int | None) -> str:
    return " and ".join(f"`@{number}`" for number in numbers if number is not None)


def _text(when: datetime) -> str:
    # Not by strftime, which writes years before 1000 without zeros.
    return when.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
