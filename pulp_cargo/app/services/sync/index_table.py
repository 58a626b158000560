"""The versions of an index as a temporary table, as `listing_table` is for a listing.

`cargo_listed` has what is compared. The rows of new units come along as text, batch by batch, so that
they can be copied to their tables without another look at the index, and nothing of them remains in
memory. Lines are read and validated in a thread, while PostgreSQL works on earlier ones.
"""

import os
import pickle
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from tempfile import TemporaryFile
from typing import NamedTuple

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
BATCHES_AHEAD = 8
CREATE = "CREATE TEMPORARY TABLE cargo_seen (canonical_name text)"
DROP = "DROP TABLE cargo_seen"
# New units get the `content_id`; for others it is overwritten when they are found.
LISTED = "at, content_id, name, canonical_name, vers, cksum, yanked, metadata_source, url"
# The columns of a crate's unit in `NewUnit.crate`.
CRATE_COLUMNS = (
    "content_ptr_id",
    "name",
    "canonical_name",
    "vers",
    "cksum",
    "metadata_source",
    "vers_key",
    "index_line",
    "pubtime",
    "links",
    "rust_version",
    "dependency_names",
    "registries",
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

# Values in the text format of COPY: NULL, and the time of the transaction.
NULL, NOW = "\\N", "now"
# The characters that COPY gives a meaning to; a line has no others that need one.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
SPECIAL = re.compile(r"[\\\t\n\r]")
# Part of an id of a version 7 UUID, and the time that it begins with, as numbers.
VERSION_7, RANDOM_BYTES = 7 << 76 | 2 << 62, 10
RANDOM_BITS = 0xFFF << 64 | (1 << 62) - 1


class NewUnit(NamedTuple):
    """The unit of a line, should it be new: parts of its rows in the text format of COPY.

    `source` is the URL and the checksum of its file, None if the index has no URLs.
    """

    pk: str
    crate: str
    path: str
    source: str | None


@dataclass(slots=True)
class Batch:
    """The text of rows for COPY into the tables `cargo_listed` and `cargo_seen`, and the units."""

    listed: str
    seen: str
    units: list[NewUnit]


@dataclass(slots=True)
class Loaded:
    """Versions in the table, from `first` on, with their units in the order of `at`."""

    first: int
    units: list[NewUnit]

    @property
    def end(self) -> int:
        """The `at` after that of the last one."""
        return self.first + len(self.units)


@dataclass(frozen=True, slots=True)
class IndexOrigin:
    """Whose index it is: the URL that means the registry, and the URLs of files, None for a folder."""

    remote: str
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
        lines = self._selected(name, versions)
        refused = self.policy.refusals(lines)
        if not refused and not self.selection.locked:
            yield from lines
            return
        for line in lines:
            reason = refused.get(line.vers)
            locked = self.selection.other_checksum(line.name, line.vers, line.cksum)
            if locked is not None:
                reason = f"a lock file has the checksum {locked}, the index {line.cksum}"
            if reason is None:
                yield line
            else:
                self.report.refuse(line.name, line.vers, reason)

    def _selected(self, name: str, versions: Mapping[str, MirroredLine]) -> list[MirroredLine]:
        # Whole indexes are mirrored, with millions of versions.
        if self.selection.is_every_version:
            return list(versions.values())
        offered = (Offered(line.name, vers, bool(line.yanked)) for vers, line in versions.items())
        chosen = self.selection.choose(name, offered)
        return [line for vers, line in versions.items() if vers in chosen]

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
    origin: IndexOrigin,
    chooser: Chooser,
    at_once: int,
) -> Iterator[Loaded]:
    """Fill the tables with the chosen versions, and yield so many at once as they are there.

    At the end, the crates of which the index has another spelling are removed again.
    """
    loaded = Loaded(0, [])
    rows = min(ROWS_AT_ONCE, at_once)
    with read_ahead(_batches(files, origin, chooser, rows), BATCHES_AHEAD) as batches:
        for batch in batches:
            _copy(f"cargo_listed ({LISTED})", batch.listed)
            _copy("cargo_seen (canonical_name)", batch.seen)
            loaded.units += batch.units
            if len(loaded.units) >= at_once:
                yield loaded
                loaded = Loaded(loaded.end, [])
    if loaded.units:
        yield loaded
    with connection.cursor() as cursor:
        cursor.execute(INDEXES)
    for name, vers, spelling in all_rows(SECOND_SPELLINGS):
        chooser.report.refuse(name, vers, f"the index has the crate as `{spelling}` as well")


@contextmanager
def laid_aside(batches: Iterable[Loaded]) -> Iterator[Iterator[Loaded]]:
    """Read all batches into a file in the task's directory, and yield an iterator that reads it."""
    with TemporaryFile(dir=os.getcwd()) as file:
        for batch in batches:
            pickle.dump(batch, file)
        end = file.tell()
        file.seek(0)
        yield (pickle.load(file) for _ in iter(lambda: file.tell() < end, False))


def _batches(
    files: Iterable[IndexFile], origin: IndexOrigin, chooser: Chooser, rows: int
) -> Iterator[Batch]:
    seen: list[str] = []
    lines = _lines(files, origin, chooser, seen)
    at = 0
    while True:
        listed: list[str] = []
        units: list[NewUnit] = []
        ids = _new_ids(rows)
        for pk, line in zip(ids, islice(lines, rows), strict=False):
            one, unit = _row(pk, line, origin)
            listed.append(f"{at}\t{one}")
            units.append(unit)
            at += 1
        if not units and not seen:
            return
        yield Batch("".join(listed), "".join(seen), units)
        seen.clear()


def _lines(
    files: Iterable[IndexFile], origin: IndexOrigin, chooser: Chooser, seen: list[str]
) -> Iterator[MirroredLine]:
    for name, body in files:
        seen.append(f"{_canonical(name)}\n")
        if body is None:
            continue
        versions, refused = read_index_file(body, name, origin.registry)
        chooser.note_refused(name, refused)
        yield from chooser.choose(name, versions)


def _row(pk: str, line: MirroredLine, origin: IndexOrigin) -> tuple[str, NewUnit]:
    """Return the values of a line for `cargo_listed`, without its number, and its unit."""
    name, vers, cksum, rendered = line.name, line.vers, line.cksum, line.rendered()
    canonical = _canonical(name)
    # As in build_unit.of_index_line, so that the same line is the same unit.
    source = word_of_line(origin.remote, rendered)
    url = _text(origin.file_url(name, vers, cksum)) if origin.file_url else NULL
    yanked = "t" if line.yanked else "f"
    listed = f"{pk}\t{name}\t{canonical}\t{vers}\t{cksum}\t{yanked}\t{source}\t{url}\n"
    escaped = rendered.replace("\\", "\\\\")
    crate = (
        f"{pk}\t{name}\t{canonical}\t{vers}\t{cksum}\t{source}\t{line.number}\t{escaped}"
        f"\t{_text(line.pubtime, NOW)}\t{_text(line.links)}\t{_text(line.rust_version)}"
        f"\t{_text(_array(dependency_names(line)))}\t{_text(_array(registries_of(line)))}"
    )
    file = f"{url}\t{cksum}" if origin.file_url else None
    return listed, NewUnit(pk, crate, f"{name}/{name}-{vers}.crate", file)


# The versions of a crate follow each other.
_canonical = lru_cache(16)(canonical_name)


def _new_ids(count: int) -> Iterator[str]:
    """Yield version 7 UUIDs: ids in the order of time make small and fast B-trees."""
    random = os.urandom(RANDOM_BYTES * count)
    for start in range(0, len(random), RANDOM_BYTES):
        bits = int.from_bytes(random[start : start + RANDOM_BYTES]) & RANDOM_BITS
        yield f"{(time.time_ns() // 1_000_000) << 80 | VERSION_7 | bits:032x}"


def _text(value: object, absent: str = NULL) -> str:
    """Return a text as COPY reads it; an empty one, or none, is `absent`."""
    if not value or not isinstance(value, str):
        return absent
    # Most texts have none of these characters, and translating is slow.
    return value.translate(ESCAPES) if SPECIAL.search(value) else value


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
