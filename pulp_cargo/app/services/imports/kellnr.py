"""The SQLite database of kellnr, in an archive or a folder that is imported.

kellnr has its index in the tables `crate_index` (its own crates) and `cratesio_index` (cached ones),
and owners in `owner`. An archive could have any database, so only plain tables are read, in limited
time.
"""

import os
import re
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.runtime.free_space import storage_full
from pulp_cargo.app.services.imports.source_file import SourceFile
from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.index import CKSUM
from pulp_cargo.protocol.names import CRATE_NAME
from pulp_cargo.protocol.semver import is_version
from pulp_cargo.rules.import_files import DATABASE

INDEXES = ("crate_index", "cratesio_index")
LINES = "SELECT name, vers, cksum, yanked, {pubtime} FROM {table}"
OWNERS = """
    SELECT krate.name, "user".name FROM owner
    JOIN krate ON krate.id = owner.crate_fk JOIN "user" ON "user".id = owner.user_fk
"""
# Maximum length of a value, in bytes; the `deps` of a version are below that of an index line.
LONGEST_VALUE = 16 * 1024 * 1024
# Number of virtual machine instructions of SQLite between two looks at the clock.
INSTRUCTIONS = 100_000
_PLAIN_TABLE = re.compile(r"\s*create\s+table\b", re.IGNORECASE)

# Name, version, checksum, whether it is yanked, and the time of publication in UTC.
Line = tuple[str, str, str, bool, str | None]


class KellnrDatabases:
    """Copies of databases, by the folders that they are in."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kellnr-", dir=".")
        self._copies: dict[str, str] = {}

    def add(self, file: SourceFile) -> None:
        """Copy a database or its log; raises Unreadable and StorageFull."""
        place, _, name = file.path.rpartition("/")
        copy = self._copies.setdefault(place, f"{self._folder.name}/{len(self._copies)}")
        with storage_full():
            os.makedirs(copy, exist_ok=True)
            with open(f"{copy}/{name}", "wb") as copied:
                copied.writelines(file.chunks())

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield the path of each database, and that of its copy."""
        for place, copy in self._copies.items():
            if os.path.exists(f"{copy}/{DATABASE}"):
                yield f"{place}/{DATABASE}".removeprefix("/"), f"{copy}/{DATABASE}"

    def close(self) -> None:
        """Remove the copies."""
        self._folder.cleanup()


def lines(copy: str) -> Iterator[Line]:
    """Yield the valid lines of all indexes in a database; raises BadRequest."""
    with _opened(copy) as database:
        columns = _columns(database)
        if not columns.keys() & set(INDEXES):
            raise BadRequest("the database has none of the tables of a kellnr index")
        for table in INDEXES:
            if {"name", "vers", "cksum", "yanked"} <= columns.get(table, frozenset()):
                pubtime = "pubtime" if "pubtime" in columns[table] else "NULL"
                for row in database.execute(LINES.format(table=table, pubtime=pubtime)):
                    yield from _line(*row)


def owners(copy: str) -> Iterator[tuple[str, str]]:
    """Yield crate and login of each owner in a database; raises BadRequest."""
    with _opened(copy) as database:
        if {"owner", "krate", "user"} <= _columns(database).keys():
            for name, login in database.execute(OWNERS):
                if isinstance(name, str) and CRATE_NAME.fullmatch(name) and isinstance(login, str):
                    yield name, login


def _line(
    name: object, vers: object, cksum: object, yanked: object, time: object
) -> Iterator[Line]:
    """Yield a row as a line, unless it is none of a valid index."""
    if not (isinstance(name, str) and isinstance(vers, str) and isinstance(cksum, str)):
        return
    if CRATE_NAME.fullmatch(name) and is_version(vers) and CKSUM.fullmatch(cksum):
        yield name, vers, cksum, bool(yanked), time if isinstance(time, str) else None


@contextmanager
def _opened(copy: str) -> Iterator[sqlite3.Connection]:
    """Open a copy, which is changed if its log is applied; raises BadRequest for what is damaged."""
    until = time.monotonic() + timeouts.SQLITE_TIMEOUT_SECONDS
    try:
        with closing(sqlite3.connect(copy)) as database:
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
            database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
            database.set_progress_handler(lambda: time.monotonic() > until, INSTRUCTIONS)
            database.execute("PRAGMA trusted_schema = OFF")
            database.execute("PRAGMA cell_size_check = ON")
            yield database
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise BadRequest(f"the database cannot be read: {error}") from error


def _columns(database: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Return the columns of the plain tables, without views and virtual tables."""
    found = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    known = (*INDEXES, "owner", "krate", "user")
    return {
        name: frozenset(row[1] for row in database.execute(f'PRAGMA table_info("{name}")'))
        for name, sql in found
        if name in known and isinstance(sql, str) and _PLAIN_TABLE.match(sql)
    }
