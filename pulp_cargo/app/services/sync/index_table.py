"""The versions of an index as temporary tables, as `listing_table` is for a listing.

`cargo_listed` has what is compared, and `cargo_described` the columns of new units, so that SQL can
create these without another look at the index. Lines arrive crate by crate, and nothing of them
remains in memory. They are read and validated in a thread, while PostgreSQL works on earlier ones.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from uuid import UUID

from django.db import connection

from pulp_cargo.app.runtime.ahead import read_ahead
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
from pulp_cargo.rules.metadata_source import word_of_line
from pulp_cargo.rules.mirror_selection import Offered, Selection
from pulp_cargo.rules.policies.mirror import MirrorPolicy

# Lines that are copied to the tables at once, and how many such batches are read ahead.
ROWS_AT_ONCE = 1000
BATCHES_AHEAD = 15
CREATE = """
    CREATE TEMPORARY TABLE cargo_described (
        at bigint PRIMARY KEY, vers_key text, index_line text, pubtime timestamptz,
        links text, rust_version text, dependency_names text[], registries text[]
    );
    CREATE TEMPORARY TABLE cargo_seen (canonical_name text)
"""
DROP = "DROP TABLE cargo_described; DROP TABLE cargo_seen"
# New units get the `content_id`; for others it is overwritten when they are found.
LISTED = "at, content_id, name, canonical_name, vers, cksum, yanked, metadata_source, url"
DESCRIBED = "at, vers_key, index_line, pubtime, links, rust_version, dependency_names, registries"
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

# A value that is NULL, in the text format of COPY.
NULL = "\\N"
# The characters that COPY gives a meaning to; a line has no others that need one.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
# Part of an id of a version 7 UUID, and the time that it begins with, as numbers.
VERSION_7, RANDOM_BYTES = 7 << 76 | 2 << 62, 10
RANDOM_BITS = 0xFFF << 64 | (1 << 62) - 1


@dataclass(slots=True)
class Batch:
    """The text of rows for COPY into the tables `cargo_listed`, `cargo_described` and `cargo_seen`."""

    count: int
    listed: str
    described: str
    seen: str


# From which `at` on, and before which, versions were copied.
Range = tuple[int, int]


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
    at_once: int,
) -> Iterator[Range]:
    """Fill the tables with the chosen versions, and yield their ranges of so many as they are there.

    At the end, the crates of which the index has another spelling are removed again.
    """
    first = end = 0
    rows = min(ROWS_AT_ONCE, at_once)
    with read_ahead(_batches(files, upstream, chooser, rows), BATCHES_AHEAD) as batches:
        for batch in batches:
            _copy(f"cargo_listed ({LISTED})", batch.listed)
            _copy(f"cargo_described ({DESCRIBED})", batch.described)
            _copy("cargo_seen (canonical_name)", batch.seen)
            end += batch.count
            if end - first >= at_once:
                yield first, end
                first = end
    if end > first:
        yield first, end
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
    for name, vers, spelling in all_rows(SECOND_SPELLINGS):
        chooser.report.refuse(name, vers, f"the index has the crate as `{spelling}` as well")


def _batches(
    files: Iterable[IndexFile], upstream: Upstream, chooser: Chooser, rows: int
) -> Iterator[Batch]:
    seen: list[str] = []
    lines = _lines(files, upstream, chooser, seen)
    at = 0
    while True:
        listed: list[str] = []
        described: list[str] = []
        for line in islice(lines, rows):
            one, other = _row(line, upstream)
            listed.append(f"{at}\t{one}")
            described.append(f"{at}\t{other}")
            at += 1
        if not listed and not seen:
            return
        yield Batch(len(listed), "".join(listed), "".join(described), "".join(seen))
        seen.clear()


def _lines(
    files: Iterable[IndexFile], upstream: Upstream, chooser: Chooser, seen: list[str]
) -> Iterator[MirroredLine]:
    for name, body in files:
        seen.append(f"{canonical_name(name)}\n")
        if body is None:
            continue
        versions, refused = read_index_file(body, name, upstream.registry)
        chooser.note_refused(name, refused)
        yield from chooser.choose(name, versions)


def _row(line: MirroredLine, upstream: Upstream) -> tuple[str, str]:
    """Return the values of a line for both tables, without its number, as COPY reads them."""
    name, vers, cksum, rendered = line.name, line.vers, line.cksum, line.rendered()
    # As in build_unit.of_index_line, so that the same line is the same unit.
    source = word_of_line(upstream.remote, rendered)
    url = _text(upstream.file_url(name, vers, cksum)) if upstream.file_url else NULL
    yanked = "t" if line.yanked else "f"
    listed = (
        f"{_new_id()}\t{name}\t{canonical_name(name)}\t{vers}\t{cksum}\t{yanked}\t{source}\t{url}\n"
    )
    escaped = rendered.replace("\\", "\\\\")
    described = (
        f"{line.number}\t{escaped}\t{_text(line.pubtime)}\t{_text(line.links)}"
        f"\t{_text(line.rust_version)}\t{_text(_array(dependency_names(line)))}"
        f"\t{_text(_array(registries_of(line)))}\n"
    )
    return listed, described


def _new_id() -> str:
    """Return a version 7 UUID: ids in the order of time make small and fast B-trees."""
    random = int.from_bytes(os.urandom(RANDOM_BYTES)) & RANDOM_BITS
    return f"{(time.time_ns() // 1_000_000) << 80 | VERSION_7 | random:032x}"


def _text(value: object) -> str:
    """Return a text as COPY reads it; an empty one, or none, is NULL."""
    return value.translate(ESCAPES) if value and isinstance(value, str) else NULL


def _array(texts: Iterable[str]) -> str:
    """Return PostgreSQL's text for an array."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join([f'"{text}"' for text in quoted]) + "}"


def _copy(table: str, rows: str) -> None:
    if rows:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY {table} FROM STDIN") as copy,
        ):
            copy.write(rows)
