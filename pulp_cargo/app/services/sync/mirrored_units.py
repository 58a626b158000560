"""Creating the units of an index's versions, batch by batch, with those of `index_table`.

What is there already is found by SQL in `cargo_listed`; the rows of new units are copied to their
tables by a thread with a connection of its own, while the next batch is read and looked up: a process
of PostgreSQL uses one processor, and most of a sync is its work.
Each batch is a transaction with all rows of its units: a sync that is killed leaves units that belong
to no repository, and the next one finds them. Their metadata are those of the index line, for this
remote only (`rules/metadata_source`).
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection, transaction
from django.db.models import Model
from django.db.models.expressions import RawSQL

from pulpcore.plugin.models import Content, ContentArtifact, RemoteArtifact

from pulp_cargo.app.models import CargoRepository, CrateContent, CrateYank
from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.models.version_rows import TIME_ORDERED_ID
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services.sync import listing_table, listing_units
from pulp_cargo.app.services.sync.index_table import CRATE_COLUMNS, NOW, NULL, Loaded, NewUnit

# Versions in a transaction; more make no difference.
VERSIONS_AT_ONCE = 5_000
# Threads that write, each with a connection, and with a batch in memory.
WRITERS = 2
# Rows that are joined to one text.
ROWS_AT_ONCE = 500

# The columns whose values differ from unit to unit, in the order of the texts that are copied. The
# parts of a new unit have its id: an id is unique in its own table only, and B-trees of ids that
# ascend stay in memory.
ROWS: Mapping[type[Model], tuple[str, ...]] = {
    Content: ("pulp_id",),
    CrateContent: CRATE_COLUMNS,
    ContentArtifact: ("pulp_id", "content_id", "relative_path", "artifact_id"),
    RemoteArtifact: ("pulp_id", "content_artifact_id", "url", "sha256"),
}
# What the domain lacks, and the stored files of these.
NEW = f"""
    SELECT l.at, a.pulp_id FROM cargo_listed l LEFT JOIN LATERAL (
        SELECT a.pulp_id FROM core_artifact a
        WHERE a.sha256 = l.cksum AND a.pulp_domain_id = %(domain)s
        AND {listing_units.HAD_FILE}
    ) a ON true
    WHERE l.at >= %(first)s AND l.at < %(end)s AND NOT l.is_found ORDER BY l.at
"""
# Yank marks that exist, but are not in the repository yet.
LOOSE_MARKS = f"""
    SELECT y.content_ptr_id FROM cargo_listed l CROSS JOIN LATERAL (
        SELECT y.content_ptr_id FROM cargo_crateyank y
        WHERE y.canonical_name = l.canonical_name AND y.vers = l.vers
        AND y._pulp_domain_id = %s OFFSET 0
    ) y
    WHERE l.at >= %s AND l.at < %s AND l.yanked
    AND NOT {has_row("y.content_ptr_id", is_in_newest("%s"))}
"""
# Two spellings of a crate may have the same version.
NEW_MARKS = f"""
    WITH missing AS MATERIALIZED (
        SELECT {TIME_ORDERED_ID} AS content_id, l.canonical_name, l.vers
        FROM (
            SELECT DISTINCT canonical_name, vers FROM cargo_listed
            WHERE at >= %(first)s AND at < %(end)s AND yanked
        ) l
        WHERE NOT EXISTS (
            SELECT 1 FROM cargo_crateyank y WHERE y.canonical_name = l.canonical_name
            AND y.vers = l.vers AND y._pulp_domain_id = %(domain)s OFFSET 0
        ) ORDER BY 2, 3
    ), units AS (
        INSERT INTO core_content ({{columns}}) SELECT {{chosen}} FROM missing l
    )
    INSERT INTO cargo_crateyank (content_ptr_id, canonical_name, vers, _pulp_domain_id)
    SELECT content_id, canonical_name, vers, %(domain)s FROM missing
"""
# The commit of the version, which comes later, waits for the disk. Units that a crash has lost before
# that are made again.
DO_NOT_WAIT = "SET LOCAL synchronous_commit = off"
# As in version_sets, for what is joined before a version is made.
ANALYZE = """
    SET LOCAL default_statistics_target = 20;
    ANALYZE cargo_cratecontent (content_ptr_id, canonical_name, vers_key, vers, cksum),
        cargo_crateyank (content_ptr_id, canonical_name, vers), core_contentartifact (content_id)
"""
# Expressions for the columns of a yank mark; the others get the default of their field.
CONTENT = {
    "pulp_id": "l.content_id",
    "pulp_created": "now()",
    "pulp_last_updated": "now()",
    "timestamp_of_interest": "now()",
    "pulp_type": "%(type)s",
    "pulp_domain_id": "%(domain)s",
}


@dataclass(frozen=True, slots=True)
class _Job:
    """A batch that a thread writes."""

    loaded: Loaded
    done: Future[None]


class UnitWriter:
    """Creates the units that the domain of a repository lacks; `writing` makes one."""

    def __init__(
        self, repository: CargoRepository, remote: UUID, threads: Sequence[ThreadPoolExecutor]
    ) -> None:
        self._repository = repository
        self._values = {
            "domain": repository.pulp_domain_id,
            "repository": repository.pk,
            "remote": remote,
            "root": "",
        }
        self._tables = _tables(repository.pulp_domain_id, remote)
        self._threads = cycle(threads)
        self._most = len(threads)
        self._jobs: deque[_Job] = deque()

    def make_units(self, loaded: Loaded) -> None:
        """Create units with yank marks and the places of their files, those that are new in a thread."""
        listing_units.again_if_taken(lambda: self._find(loaded))
        new = self._new(loaded)
        while len(self._jobs) >= self._most:
            self._await_first()
        # They finish in the order in which they begin, more or less.
        thread = next(self._threads)
        self._jobs.append(_Job(loaded, thread.submit(_write, self._tables, new)))

    def finish(self) -> None:
        """Wait until everything is written."""
        while self._jobs:
            self._await_first()

    def _await_first(self) -> None:
        job = self._jobs.popleft()
        try:
            job.done.result()
        except DatabaseError as error:
            if not listing_units.is_taken(error):
                raise
            # Others have created some of these units meanwhile.
            listing_units.again_if_taken(lambda: self._find(job.loaded, has_more=True))

    def _find(self, loaded: Loaded, *, has_more: bool = False) -> None:
        """Find what is there, and create yank marks; with `has_more`, also what is new."""
        values = {**self._values, "first": loaded.first, "end": loaded.end}
        is_found = listing_table.find_batch(values) > 0
        if is_found:
            listing_units.touch_loose(self._repository, loaded.first, loaded.end)
        marks = [self._values["domain"], loaded.first, loaded.end, self._values["repository"]]
        Content.objects.filter(pk__in=RawSQL(LOOSE_MARKS, marks)).touch()
        with connection.cursor() as cursor:
            cursor.execute(DO_NOT_WAIT)
            columns, chosen, defaults = _content_columns()
            statement = NEW_MARKS.format(columns=columns, chosen=chosen)
            cursor.execute(statement, {**defaults, **values, "type": CrateYank.get_pulp_type()})
            # Units that were found may have been made for another remote, or by a listing.
            for also in (listing_units.LINK_FILES, listing_units.NOTE_SOURCES) if is_found else ():
                cursor.execute(also, values)
        if has_more:
            _copy(self._tables, self._new(loaded))

    def _new(self, loaded: Loaded) -> list[tuple[NewUnit, str]]:
        """Return the new units with the ids of their stored files, `NULL` for most."""
        rows = all_rows(NEW, {**self._values, "first": loaded.first, "end": loaded.end})
        return [(loaded.units[at - loaded.first], str(file or NULL)) for at, file in rows]


@contextmanager
def writing(repository: CargoRepository, remote: UUID) -> Iterator[UnitWriter]:
    """Yield what creates units; at the end of the block, nothing is being written any more."""
    threads = [ThreadPoolExecutor(1, thread_name_prefix="cargo-units") for _ in range(WRITERS)]
    try:
        writer = UnitWriter(repository, remote, threads)
        yield writer
        writer.finish()
    finally:
        for thread in threads:
            # `connection` is that of the thread in which it is used.
            thread.submit(lambda: connection.close())
            thread.shutdown()


def analyze() -> None:
    """Give PostgreSQL statistics of the new rows: with those from before, joins take minutes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ANALYZE)


@dataclass(frozen=True, slots=True)
class _Table:
    """A statement that copies rows to a table, and what follows the differing values of each row."""

    copy: str
    constants: str


def _tables(domain: UUID, remote: UUID) -> dict[type[Model], _Table]:
    """Return how rows of new units are copied to their tables; other columns get their default."""
    constants = {
        "pulp_created": NOW,
        "pulp_last_updated": NOW,
        "timestamp_of_interest": NOW,
        "pulp_type": CrateContent.get_pulp_type(),
        "pulp_domain_id": str(domain),
        "_pulp_domain_id": str(domain),
        "remote_id": str(remote),
    }
    tables = {}
    for model, columns in ROWS.items():
        others = {
            field.column: constants.get(field.column) or _default(field)
            for field in model._meta.local_concrete_fields
            if field.column not in columns
        }
        names = ", ".join(map(connection.ops.quote_name, [*columns, *others]))
        statement = f"COPY {model._meta.db_table} ({names}) FROM STDIN"
        tables[model] = _Table(statement, "".join(f"\t{text}" for text in others.values()) + "\n")
    return tables


def _default(field: Any) -> str:
    """Return the default of a field in the text format of COPY; none has a special character."""
    value = field.get_db_prep_save(field.get_default(), connection)
    # PostgreSQL knows how it writes an empty array or hstore.
    ((text,),) = all_rows(f"SELECT CAST(%s AS {field.db_type(connection)})::text", [value])
    return NULL if text is None else str(text)


def _write(tables: Mapping[type[Model], _Table], new: Sequence[tuple[NewUnit, str]]) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(DO_NOT_WAIT)
        _copy(tables, new)


def _copy(tables: Mapping[type[Model], _Table], new: Sequence[tuple[NewUnit, str]]) -> None:
    """Copy the rows of new units to their tables."""
    rows = {
        Content: [unit.pk for unit, _ in new],
        CrateContent: [unit.crate for unit, _ in new],
        ContentArtifact: [f"{unit.pk}\t{unit.pk}\t{unit.path}\t{file}" for unit, file in new],
        RemoteArtifact: [f"{unit.pk}\t{unit.pk}\t{unit.source}" for unit, _ in new if unit.source],
    }
    for model, texts in rows.items():
        table = tables[model]
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(table.copy) as copy,
        ):
            for at in range(0, len(texts), ROWS_AT_ONCE):
                copy.write(table.constants.join((*texts[at : at + ROWS_AT_ONCE], "")))


@cache
def _content_columns() -> tuple[str, str, dict[str, object]]:
    """Return core's columns of a unit, their expressions, and the values of defaults."""
    expressions, defaults = dict(CONTENT), {}
    for field in Content._meta.local_concrete_fields:
        if field.column not in expressions:
            key = f"default_{field.column}"
            expressions[field.column] = f"%({key})s"
            defaults[key] = field.get_db_prep_save(field.get_default(), connection)
    columns = ", ".join(connection.ops.quote_name(column) for column in expressions)
    return columns, ", ".join(expressions.values()), defaults
