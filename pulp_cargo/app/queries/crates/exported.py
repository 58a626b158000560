"""Everything in the repository version that a registry serves, crate by crate, for an export.

Rows arrive in batches, by a cursor of the database, so memory does not depend on their number.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db import connection
from pulp_glue.cargo.export.versions import ExportedVersion

from pulp_cargo.app.models.membership import ends_of, is_in, is_yanked
from pulp_cargo.app.queries.crates.index_file import line_of, served_line
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import VersionGone
from pulp_cargo.app.runtime.rows import all_rows, rows_with_bound_values
from pulp_cargo.protocol.semver import order_of

# How many rows the database sends at once; those of a crate have about a kilobyte each.
ROWS_AT_ONCE = 500
_NUMBER = "(SELECT number FROM core_repositoryversion WHERE pulp_id = %(version)s)"
# A number of microseconds, since making a `datetime` takes longer than reading the rest of a row.
_MOMENT = "(1000000 * extract(epoch FROM unit.pubtime))::bigint"
# Sorting whole rows takes several times as long, and none arrives before all are sorted.
UNITS = f"""
    SELECT rc.content_id::text FROM core_repositorycontent rc {ends_of()}
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
    WHERE rc.repository_id = %(repository)s AND {is_in(_NUMBER)}
    ORDER BY lower(unit.name) COLLATE "C"
"""
CRATES = f"""
    SELECT wanted.id, unit.name, unit.vers, {_MOMENT}, unit.cksum,
        unit.index_line, unit.registries, {is_yanked("%(repository)s", _NUMBER)},
        file.file, file.size
    FROM unnest(%(units)s::text[]) WITH ORDINALITY wanted (id, place)
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = wanted.id::uuid
    LEFT JOIN core_contentartifact ca ON ca.content_id = unit.content_ptr_id
    LEFT JOIN core_artifact file ON file.pulp_id = ca.artifact_id
    WHERE {_NUMBER} IS NOT NULL
    ORDER BY wanted.place
"""
_MARKS = f"""
    SELECT array_agg(ARRAY[va.number, coalesce(vr.number, -1)])
    FROM cargo_crateyank mark JOIN core_repositorycontent rc ON rc.content_id = mark.content_ptr_id
    {ends_of()}
    WHERE rc.repository_id = %(repository)s
    AND mark.canonical_name = unit.canonical_name AND mark.vers = unit.vers
"""
# With `since`, only the crates that have changed after the version of that number.
HISTORY = f"""
    WITH edges AS (
        SELECT pulp_id FROM core_repositoryversion
        WHERE repository_id = %(repository)s AND number > %(since)s
    ), touched AS (
        SELECT rc.content_id FROM edges
        JOIN core_repositorycontent rc ON rc.version_added_id = edges.pulp_id
        UNION
        SELECT rc.content_id FROM edges
        JOIN core_repositorycontent rc ON rc.version_removed_id = edges.pulp_id
    ), names AS (
        SELECT c.canonical_name FROM touched t
        JOIN cargo_cratecontent c ON c.content_ptr_id = t.content_id
        UNION
        SELECT y.canonical_name FROM touched t
        JOIN cargo_crateyank y ON y.content_ptr_id = t.content_id
    )
    SELECT unit.content_ptr_id, unit.name, unit.vers, {_MOMENT}, unit.index_line,
        unit.registries, va.number, vr.number, ({_MARKS})
    FROM names JOIN cargo_cratecontent unit USING (canonical_name)
    JOIN core_repositorycontent rc ON rc.content_id = unit.content_ptr_id {ends_of()}
    WHERE rc.repository_id = %(repository)s
    ORDER BY lower(unit.name) COLLATE "C"
"""
NUMBERS = """
    SELECT pulp_id, number, pulp_created FROM core_repositoryversion
    WHERE repository_id = %(repository)s AND complete
    AND number >= %(since)s AND number <= %(until)s ORDER BY number
"""


@dataclass(frozen=True, slots=True)
class Interval:
    """The numbers of the repository versions from `first` on, and before `end` if there is one."""

    first: int
    end: int | None

    def has(self, number: int) -> bool:
        """Whether a number is one of them."""
        return self.first <= number and (self.end is None or number < self.end)


@dataclass(frozen=True, slots=True)
class PastVersion:
    """A crate version, when it was there, and when it was yanked."""

    name: str
    line: str
    yanked_line: str
    present: Interval
    yanked: Sequence[Interval]

    def line_at(self, number: int) -> str | None:
        """Return its index line in a repository version, None if it was not there."""
        if not self.present.has(number):
            return None
        is_yanked = any(one.has(number) for one in self.yanked)
        return self.yanked_line if is_yanked else self.line

    def changes(self) -> Iterator[int]:
        """Yield the numbers at which its line may change."""
        for interval in (self.present, *self.yanked):
            yield interval.first
            if interval.end is not None:
                yield interval.end


@dataclass(frozen=True, slots=True)
class NumberedVersion:
    """A repository version, and when it was created."""

    pk: UUID
    number: int
    created: datetime


def crates(registry: Registry, left_out: Iterable[UUID] = ()) -> Iterator[list[ExportedVersion]]:
    """Yield the versions of each crate in the order of its index file, except for some units.

    The `source` of each is the name of its file in the storage, None if it is not stored. Raises
    VersionGone.
    """
    null_in = lru_cache(registry.urls.null_in)
    for rows in _by_name(_crate_rows(registry, left_out)):
        yield [
            ExportedVersion(
                name,
                vers,
                cksum,
                served_line(line, null_in(tuple(registries)), yanked),
                size=size,
                yanked=yanked,
                source=file,
            )
            for _, name, vers, _, cksum, line, registries, yanked, file, size in _ordered(rows)
        ]


def history(
    registry: Registry, since: int, left_out: Container[UUID] = ()
) -> Iterator[list[PastVersion]]:
    """Yield the versions of each crate that has changed after a repository version, in order."""
    batches = _batches(HISTORY, registry, since=since)
    for rows in _by_name(row for batch in batches for row in batch if row[0] not in left_out):
        yield [
            PastVersion(
                name,
                line_of(registry.urls, line, registries, False),
                line_of(registry.urls, line, registries, True),
                Interval(first, end),
                [Interval(one, None if other < 0 else other) for one, other in marks or ()],
            )
            for _, name, _, _, line, registries, first, end, marks in _ordered(rows)
        ]


def _ordered(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the rows of a crate in the order of its index file."""
    # Parsing versions takes longer than all else, and few were published at the same moment.
    if len({row[3] for row in rows}) == len(rows):
        return sorted(rows, key=itemgetter(3))
    return sorted(rows, key=lambda row: (row[3], order_of(row[2])))


def numbered(registry: Registry, since: int) -> list[NumberedVersion]:
    """Return the repository versions from a number up to the served one, in order."""
    own = registry.content
    values = {"repository": own.repository, "since": since, "until": own.number}
    return [NumberedVersion(*row) for row in all_rows(NUMBERS, values)]


def _crate_rows(registry: Registry, left_out: Iterable[UUID]) -> Iterator[tuple[Any, ...]]:
    own = registry.content
    values = {"repository": own.repository, "version": own.version}
    # Texts, because a `UUID` of each would be made only to be sent back.
    except_for = frozenset(map(str, left_out))
    for batch in _batches(UNITS, registry):
        units = [unit for (unit,) in batch if unit not in except_for]
        rows = rows_with_bound_values(CRATES, {**values, "units": f"{{{','.join(units)}}}"})
        if len(rows) < len(units):
            raise VersionGone
        yield from rows


def _batches(query: str, registry: Registry, **values: object) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of a query from a cursor of the database."""
    own = registry.content
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, {"repository": own.repository, "version": own.version, **values})
        yield from iter(lambda: cursor.fetchmany(ROWS_AT_ONCE), [])


def _by_name(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of each spelling of a name, which come one after the other."""
    for _, found in groupby(rows, lambda row: row[1].lower()):
        yield list(found)
