"""A fetched listing as a temporary table, so that SQL can compare it with other tables.

The table has the compared columns, and the position of each line in the file. So a large registry
takes space on disk rather than in memory, and single statements can process all of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO
from uuid import UUID

from django.db import connection

from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.upstream.errors import ONLY_NAMED, CannotCopy, NoListing
from pulp_cargo.protocol.listing import (
    LONGEST_LINE,
    End,
    Head,
    InvalidListing,
    ListedCrate,
    parse_crate,
    parse_head,
)
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.metadata_source import word_of

CREATE = """
    CREATE TEMPORARY TABLE cargo_listed (
        at bigint PRIMARY KEY, name text, canonical_name text, vers text,
        cksum varchar(64), size bigint, yanked boolean, metadata_source text, content_id uuid,
        is_found boolean NOT NULL DEFAULT false, is_replaced boolean NOT NULL DEFAULT false, url text
    )
"""
DROP = "DROP TABLE cargo_listed"
COLUMNS = "at, name, canonical_name, vers, cksum, size, yanked, metadata_source"
# The range of `at` that covers the whole listing.
ALL: Mapping[str, object] = {"first": -1, "end": 2**62}
# A unit whose metadata this Pulp has read from the file with this checksum is preferred to the
# listing's metadata. It must be in the repository, or have been: knowing a checksum gives no access
# to a crate. Otherwise it is a unit with the same metadata from the same remote. The lateral join has
# each unit looked up by its index, also while PostgreSQL has no statistics of the table.
FIND_UNITS = f"""
    UPDATE cargo_listed l SET content_id = found.content_ptr_id, is_found = true
    FROM (
        SELECT x.at, unit.content_ptr_id FROM cargo_listed x CROSS JOIN LATERAL (
            SELECT c.content_ptr_id FROM cargo_cratecontent c
            WHERE c.name = x.name AND c.vers = x.vers AND c.cksum = x.cksum
            AND c._pulp_domain_id = %(domain)s AND (
                c.metadata_source = x.metadata_source OR c.metadata_source = ''
                AND {has_row("c.content_ptr_id", "rc.repository_id = %(repository)s")}
            )
            ORDER BY c.metadata_source = '' DESC,
                {has_row("c.content_ptr_id", is_in_newest("%(repository)s"))} DESC
            LIMIT 1
        ) unit
        WHERE NOT x.is_found AND x.at >= %(first)s AND x.at < %(end)s
    ) found WHERE found.at = l.at
"""
TWICE = """
    SELECT min(name), vers FROM cargo_listed
    GROUP BY canonical_name, vers HAVING count(*) > 1 LIMIT 1
"""


@contextmanager
def table_of(
    file: BinaryIO, remote: UUID, lets_in: Callable[[ListedCrate], bool]
) -> Iterator[Head]:
    """Create the table `cargo_listed` for the block, and yield the head of the remote's listing.

    Crate versions that `lets_in` refuses are left out. Raises CannotCopy for a listing that is
    incomplete or has an invalid line.
    """
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
    try:
        try:
            yield _load(file, remote, lets_in)
        except InvalidListing as error:
            raise CannotCopy(f"{error}; nothing was stored") from error
    finally:
        with connection.cursor() as cursor:
            cursor.execute(DROP)


def find_units(domain: UUID, repository: UUID) -> None:
    """Fill in the ids of existing units."""
    find_batch({"domain": domain, "repository": repository, **ALL})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cargo_listed")


def find_batch(values: Mapping[str, object]) -> int:
    """Fill in the ids of existing units from `first` to before `end`, and return their number."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_UNITS, values)
        return int(cursor.rowcount)


def rows() -> Iterator[tuple[str, str, str, bool, int]]:
    """Yield canonical name, name, `vers`, whether it is yanked, and `at`, crate by crate."""
    columns = "canonical_name, name, vers, yanked, at"
    yield from all_rows(f"SELECT {columns} FROM cargo_listed ORDER BY canonical_name")


def versions_of(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return the versions of some crates, with their canonical names."""
    statement = "SELECT canonical_name, vers FROM cargo_listed WHERE canonical_name = ANY(%s)"
    return all_rows(statement, [list(names)])


def versions_like(pattern: str) -> list[str]:
    """Return the numbers of the versions of all crates that a pattern matches."""
    statement = "SELECT DISTINCT vers FROM cargo_listed WHERE starts_with(canonical_name, %s)"
    prefix = canonical_name(pattern.removesuffix("*"))
    return [vers for (vers,) in all_rows(statement, [prefix])]


# What a report needs to find what is missing.
LOOKUPS = (versions_of, versions_like)


def drop(places: Sequence[int]) -> None:
    """Remove crate versions from the table."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cargo_listed WHERE at = ANY(%s)", [list(places)])


def read_again(file: BinaryIO, at: int) -> ListedCrate:
    """Return the crate version whose line begins at a position of the file."""
    file.seek(at)
    match parse_crate(file.readline(LONGEST_LINE + 1)):
        case ListedCrate() as listed:
            return listed
        case other:
            raise CannotCopy(f"the listing changed while it was read: {other}")


def _source_of(crate: ListedCrate, remote: UUID) -> str:
    """Return the `metadata_source` of a crate version in a remote's listing."""
    facts = {"index_line": crate.line, **crate.texts, **crate.lists}
    return word_of(remote, facts)


def _load(file: BinaryIO, remote: UUID, lets_in: Callable[[ListedCrate], bool]) -> Head:
    head = _head(file)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY cargo_listed ({COLUMNS}) FROM STDIN") as copy:
            for at, crate in _crates(file, head.count):
                if not lets_in(crate):
                    continue
                source = _source_of(crate, remote)
                copy.write_row((at, *_key(crate), crate.size, crate.yanked, source))
        cursor.execute("CREATE INDEX ON cargo_listed (canonical_name, vers)")
        cursor.execute("CREATE INDEX ON cargo_listed (content_id)")
        cursor.execute("ANALYZE cargo_listed")
        cursor.execute(TWICE)
        for name, vers in cursor.fetchall():
            raise InvalidListing(f"the listing has `{name} {vers}` twice")
    return head


def _head(file: BinaryIO) -> Head:
    try:
        return parse_head(file.readline(LONGEST_LINE + 1))
    except InvalidListing as error:
        raise NoListing(
            f"{ONLY_NAMED}, and the upstream did not send a valid listing: {error}"
        ) from error


def _crates(file: BinaryIO, count: int) -> Iterator[tuple[int, ListedCrate]]:
    """Iterate over the crate versions; their number must be that of the head and the end mark."""
    seen, at = 0, file.tell()
    while line := file.readline(LONGEST_LINE + 1):
        found = parse_crate(line)
        if isinstance(found, End):
            if {count, found.count} != {seen} or file.read(1):
                raise InvalidListing(
                    f"the listing announces {count} crate versions and ends after {found.count},"
                    f" but it has {seen}"
                )
            return
        yield at, found
        seen, at = seen + 1, file.tell()
    raise InvalidListing(f"the listing is cut off after {seen} crate versions")


def _key(crate: ListedCrate) -> tuple[str, str, str, str]:
    name = crate.entry.name
    return name, canonical_name(name), crate.entry.vers, crate.entry.cksum
