"""The versions of an index as temporary tables, as `listing_table` is for a listing.

`cargo_listed` has what is compared, and `cargo_described` the columns of new units, so that SQL can
create these without another look at the index. Lines arrive crate by crate, and nothing of them
remains in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import connection
from uuid6 import uuid7

from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services.sync import listing_table
from pulp_cargo.app.services.sync.report import SyncReport
from pulp_cargo.app.upstream.index_sources import IndexFile
from pulp_cargo.protocol.mirrored_line import (
    MirroredLine,
    RefusedLine,
    dependency_names,
    read_index_file,
    registries_of,
)
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.semver import is_version
from pulp_cargo.rules.metadata_source import word_of
from pulp_cargo.rules.mirror_selection import Offered, Selection
from pulp_cargo.rules.policies.mirror import MirrorPolicy

# Lines that are copied to the tables at once.
ROWS_AT_ONCE = 1000
CREATE = """
    CREATE TEMPORARY TABLE cargo_described (
        at bigint PRIMARY KEY, pulp_id uuid, vers_key text, index_line text, pubtime timestamptz,
        links text, rust_version text, dependency_names text[], registries text[]
    );
    CREATE TEMPORARY TABLE cargo_seen (canonical_name text)
"""
DROP = "DROP TABLE cargo_described; DROP TABLE cargo_seen"
LISTED = "at, name, canonical_name, vers, cksum, yanked, metadata_source, url"
DESCRIBED = (
    "at, pulp_id, vers_key, index_line, pubtime, links, rust_version, dependency_names, registries"
)
INDEXES = """
    CREATE INDEX ON cargo_listed (canonical_name, vers);
    CREATE INDEX ON cargo_listed (content_id);
    CREATE INDEX ON cargo_seen (canonical_name);
    ANALYZE cargo_listed; ANALYZE cargo_seen
"""
# Cargo treats names as equal that differ in case or hyphens, and a repository has one of them.
SECOND_SPELLINGS = """
    DELETE FROM cargo_listed l USING (
        SELECT canonical_name, (array_agg(name ORDER BY at))[1] AS first FROM cargo_listed
        GROUP BY canonical_name HAVING count(DISTINCT name) > 1
    ) s WHERE l.canonical_name = s.canonical_name AND l.name <> s.first
    RETURNING l.name, l.vers, s.first
"""

# The values of a line for both tables, without its number.
Rows = tuple[tuple[Any, ...], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Upstream:
    """Whose index it is: the URL that means the registry, and the URLs of files, None for a folder."""

    remote: UUID
    registry: str
    file_url: Callable[[str, str, str], str] | None


@dataclass(slots=True)
class Chooser:
    """Decides which versions of each crate are mirrored, and reports the refused ones."""

    selection: Selection
    policy: MirrorPolicy
    report: SyncReport

    def choose(self, name: str, versions: Mapping[str, MirroredLine]) -> Iterator[MirroredLine]:
        """Yield the chosen versions of a crate."""
        offered = (Offered(line.name, vers, bool(line.yanked)) for vers, line in versions.items())
        chosen = self.selection.choose(name, offered)
        lines = [line for vers, line in versions.items() if vers in chosen]
        refused = self.policy.refusals(lines)
        for line in lines:
            reason = refused.get(line.vers)
            locked = self.selection.other_checksum(line.name, line.vers, line.cksum)
            if locked is not None:
                reason = f"a lock file has the checksum {locked}, the index {line.cksum}"
            if reason is None:
                yield line
            else:
                self.report.refuse(line.name, line.vers, reason)

    def note_refused(self, name: str, refused: Iterable[RefusedLine]) -> None:
        """Report the lines that cannot be used, except those of versions that nobody wants."""
        for line in refused:
            is_known = not self.selection.is_everything and is_version(line.vers)
            offered = [Offered(name, line.vers, yanked=False)]
            if not is_known or self.selection.choose(name, offered):
                self.report.refuse(name, line.vers, line.reason)


@contextmanager
def tables() -> Iterator[None]:
    """Create the tables for the block."""
    with connection.cursor() as cursor:
        cursor.execute(listing_table.CREATE)
        cursor.execute(CREATE)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(listing_table.DROP)
            cursor.execute(DROP)


def load(
    files: Iterable[IndexFile],
    upstream: Upstream,
    chooser: Chooser,
    progress: Callable[[int], None],
) -> int:
    """Fill the tables with the chosen versions, and return how many there are.

    `progress` is called with numbers of further versions.
    """
    count = 0
    rows = _rows(files, upstream, chooser)
    while batch := list(islice(rows, ROWS_AT_ONCE)):
        _copy("cargo_listed", LISTED, [(at, *row) for at, (row, _) in enumerate(batch, count)])
        _copy(
            "cargo_described", DESCRIBED, [(at, *row) for at, (_, row) in enumerate(batch, count)]
        )
        count += len(batch)
        progress(len(batch))
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
    for name, vers, first in all_rows(SECOND_SPELLINGS):
        chooser.report.refuse(name, vers, f"the index has the crate as `{first}` as well")
        count -= 1
    return count


def _rows(files: Iterable[IndexFile], upstream: Upstream, chooser: Chooser) -> Iterator[Rows]:
    seen: list[tuple[str]] = []
    for name, body in files:
        seen.append((canonical_name(name),))
        if len(seen) >= ROWS_AT_ONCE:
            _copy("cargo_seen", "canonical_name", seen)
            seen = []
        if body is None:
            continue
        versions, refused = read_index_file(body, name, upstream.registry)
        chooser.note_refused(name, refused)
        for line in chooser.choose(name, versions):
            yield _row(line, upstream)
    _copy("cargo_seen", "canonical_name", seen)


def _row(line: MirroredLine, upstream: Upstream) -> Rows:
    name, vers, cksum, rendered = line.name, line.vers, line.cksum, line.rendered()
    # As in build_unit.of_index_line, so that the same line is the same unit.
    source = word_of(upstream.remote, {"index_line": rendered})
    url = upstream.file_url and upstream.file_url(name, vers, cksum)
    listed = (name, canonical_name(name), vers, cksum, bool(line.yanked), source, url)
    described = (
        str(uuid7()),
        line.number,
        rendered,
        line.pubtime or None,
        line.links or None,
        line.rust_version or None,
        _array(dependency_names(line)),
        _array(registries_of(line)),
    )
    return listed, described


def _array(texts: Iterable[str]) -> str:
    """Return PostgreSQL's text for an array, in a tenth of psycopg's time."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"


def _copy(table: str, columns: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
