"""A listing that was fetched, as a temporary table beside those that it is compared with.

The table has what is compared, and where in the file the rest is. So a large registry takes room
on the disk, and statements over the whole of it stay single statements.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import BinaryIO
from uuid import UUID

from django.db import connection

from pulpcore.plugin.exceptions import SyncError

from pulp_cargo.app.models import CrateContent
from pulp_cargo.protocol.index import IndexEntry, parse_line, sort_deps
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
from pulp_cargo.protocol.semver import parse_version

CREATE = """
    CREATE TEMPORARY TABLE cargo_listed (
        at bigint PRIMARY KEY, name text, canonical_name text, vers text, vers_key text,
        cksum varchar(64), size bigint, yanked boolean, told bytea, content_id uuid
    )
"""
COLUMNS = "at, name, canonical_name, vers, vers_key, cksum, size, yanked, told"
# Found by what makes a unit one: the bytes, and the name and version that they go by. Returns
# those whose lines are not the same, apart from the time; `told` is the digest that `_told` makes.
FIND_UNITS = """
    WITH found AS (
        UPDATE cargo_listed l SET content_id = c.content_ptr_id FROM cargo_cratecontent c
        WHERE l.content_id IS NULL AND c.name = l.name AND c.vers = l.vers AND c.cksum = l.cksum
        AND c._pulp_domain_id = %s
        RETURNING l.at, l.content_id, l.told <> sha256(convert_to(replace(
            c.index_line,
            ',"pubtime":"'
                || to_char(c.pubtime AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '"',
            ''
        ), 'UTF8')) AS differs
    )
    SELECT at, content_id FROM found WHERE differs ORDER BY at
"""
# Lines that are read back at a time.
LINES_AT_ONCE = 500
TWICE = """
    SELECT min(name), vers_key FROM cargo_listed
    GROUP BY canonical_name, vers_key HAVING count(*) > 1 LIMIT 1
"""


@contextmanager
def table_of(file: BinaryIO) -> Iterator[Head]:
    """Have the table `cargo_listed` for a while, and return the head of the listing.

    Raises SyncError for a listing that is not whole or has a line that cannot be used.
    """
    with connection.cursor() as cursor:
        cursor.execute(CREATE)
    try:
        try:
            yield _load(file)
        except InvalidListing as error:
            raise SyncError(f"{error}; nothing was stored") from error
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE cargo_listed")


def find_units(file: BinaryIO, domain: object) -> None:
    """Note the ids of the units that the domain has; raises SyncError for one that is another."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_UNITS, [domain])
        differing = cursor.fetchall()
        cursor.execute("ANALYZE cargo_listed")
    for start in range(0, len(differing), LINES_AT_ONCE):
        _require_same(file, differing[start : start + LINES_AT_ONCE])


def read_again(file: BinaryIO, at: int) -> ListedCrate:
    """Return the crate version whose line begins at a place of the file."""
    file.seek(at)
    listed = parse_crate(file.readline(LONGEST_LINE + 1))
    assert isinstance(listed, ListedCrate)
    return listed


def _require_same(file: BinaryIO, found: Sequence[tuple[int, UUID]]) -> None:
    """Raise SyncError for units that are not what the listing says, in whatever order of words.

    They would stay as they are, and the copy would not be one.
    """
    units = CrateContent.objects.filter(pk__in=[pk for _, pk in found])
    stored = dict(units.values_list("pk", "index_line"))
    for at, pk in found:
        listed = read_again(file, at)
        if pk in stored and _meaning(listed.line) != _meaning(stored[pk]):
            raise SyncError(
                f"the upstream says other things of `{listed.entry.name} {listed.entry.vers}` than"
                " what is known here of a file with the same checksum; what such a file says holds"
                " once it is uploaded here"
            )


def _meaning(line: str) -> IndexEntry:
    entry = parse_line(line)
    return replace(entry, pubtime=None, deps=sort_deps(entry.deps))


def _told(crate: ListedCrate) -> bytes:
    """Return the digest of a line without its time, which is that of a first publish somewhere."""
    line = crate.line.replace(f',"pubtime":"{crate.entry.pubtime}"', "")
    return hashlib.sha256(line.encode()).digest()


def _load(file: BinaryIO) -> Head:
    head = _head(file)
    with connection.cursor() as cursor:
        with cursor.copy(f"COPY cargo_listed ({COLUMNS}) FROM STDIN") as copy:
            for at, crate in _crates(file, head.count):
                copy.write_row((at, *_key(crate), crate.size, crate.yanked, _told(crate)))
        cursor.execute("CREATE INDEX ON cargo_listed (canonical_name, vers_key)")
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
        raise SyncError(
            f"only registries of Pulp can be synced so far, and what the upstream sent is no"
            f" listing of one: {error}"
        ) from error


def _crates(file: BinaryIO, count: int) -> Iterator[tuple[int, ListedCrate]]:
    """Go through the crate versions up to the end mark; it and the head must be right."""
    seen, at = 0, file.tell()
    while line := file.readline(LONGEST_LINE + 1):
        found = parse_crate(line)
        if isinstance(found, End):
            if {count, found.count} != {seen} or file.read(1):
                raise InvalidListing(
                    f"the listing says that it has {count} crate versions and ends after"
                    f" {found.count}, and it has {seen}"
                )
            return
        yield at, found
        seen, at = seen + 1, file.tell()
    raise InvalidListing(f"the listing is cut off after {seen} crate versions")


def _key(crate: ListedCrate) -> tuple[str, str, str, str, str]:
    name, vers = crate.entry.name, crate.entry.vers
    vers_key = parse_version(vers).without_build
    return name, canonical_name(name), vers, vers_key, crate.entry.cksum
