"""The crate versions of a repository version in the order of a snapshot, and the stored snapshot."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from pulp_glue.cargo.snapshot import Entry

from pulp_cargo.app.models.membership import ends_of, is_in
from pulp_cargo.app.runtime.rows import first_row

# Number of rows that are fetched at once.
BATCH = 2_000
# Names and versions are ASCII, so `C` is the order of their bytes. There may be a million rows, so
# PostgreSQL sorts them, and one join finds the yank marks.
ENTRIES = f"""
    WITH members AS (
        SELECT rc.content_id FROM core_repositorycontent rc {ends_of()}
        WHERE rc.repository_id = %(repository)s AND {is_in("%(number)s")}
    ), marks AS (
        SELECT y.canonical_name, y.vers FROM members m
        JOIN cargo_crateyank y ON y.content_ptr_id = m.content_id
    )
    SELECT c.name, c.vers, c.cksum, marks.vers IS NOT NULL, c.index_line::json ->> 'pubtime'
    FROM members m JOIN cargo_cratecontent c ON c.content_ptr_id = m.content_id
    LEFT JOIN marks ON marks.canonical_name = c.canonical_name AND marks.vers = c.vers
    ORDER BY c.name COLLATE "C", c.vers COLLATE "C"
"""
STORED = """
    SELECT s.head, s.signature, a.file, a.size, a.sha256 FROM cargo_repositorysnapshot s
    JOIN core_artifact a ON a.pulp_id = s.artifact_id WHERE s.version_id = %(version)s
"""


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A stored snapshot: its head and signature, and the file with its lines in the storage."""

    head: str
    signature: str
    storage_name: str
    size: int
    sha256: str


def entries(repository: UUID, number: int) -> Iterator[Entry]:
    """Yield the crate versions of a repository version in the order of a snapshot, in batches."""
    with closing(connection.chunked_cursor()) as cursor:
        cursor.execute(ENTRIES, {"repository": repository, "number": number})
        while rows := cursor.fetchmany(BATCH):
            for row in rows:
                yield Entry(*row)


def stored(version: UUID) -> StoredSnapshot | None:
    """Return the snapshot of a repository version, None if none was made."""
    row = first_row(STORED, {"version": version})
    return None if row is None else StoredSnapshot(*row)
