"""`python -m benchmarks.inside`: work inside the registry's Django.

Each line of standard input is the arguments of an action as a list in JSON, and each line of standard
output its result. Django is set up once, and each action has a fork of that process for itself.

    registry NAME
    multiply NAME COUNT
    describe NAME COUNT
    depend NAME COUNT
    catalog NAME
    export NAME FORMAT FOLDER
    guard NAME none|auth_required|rbac|header [HEADER VALUE]

`multiply` creates a large repository in seconds: it copies the rows of the registry's only crate
under new names and adds them with Pulp's own code, in a few large repository versions. `describe`
does the same with the names and texts of `benchmarks.texts`, and `depend` with so many crates of
which the first needs 500 others. `catalog` makes the catalog of what the registry has, and returns
how many seconds that took, and so does `export`.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

import django
from django.db import connection, connections, transaction
from django.db.models import Model

from benchmarks import needs, texts
from benchmarks.crates import Crate
from benchmarks.index_files import index_line
from benchmarks.scale import VERSIONS_PER_CRATE
from benchmarks.texts import Described

FIRST_STEP = 1_000
GROWTH = 4

NEW_UNITS = """
    CREATE TEMPORARY TABLE new_units ON COMMIT DROP AS
    SELECT id, 'bench-many-' || lpad((n / %(each)s)::text, 6, '0') AS name,
        '1.0.' || n %% %(each)s AS vers, encode(sha256((%(registry)s || n)::bytea), 'hex') AS cksum
    FROM (SELECT id, %(first)s + i - 1 AS n FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY u (id, i))
    _
"""
DEPENDING_UNITS = """
    CREATE TEMPORARY TABLE new_units (id uuid, name text, vers text, cksum text, index_line text)
    ON COMMIT DROP
"""
DESCRIBED_UNITS = """
    CREATE TEMPORARY TABLE new_units (
        id uuid, name text, vers text, cksum text, pubtime timestamptz, index_line text,
        description text, keywords text[], categories text[], readme text, dependency_names text[]
    ) ON COMMIT DROP
"""
# Each crate of a registry was downloaded, and a few were so much more often than others.
DOWNLOADS = """
    INSERT INTO cargo_cratedownloads
        (distribution_id, canonical_name, name, downloads, recent, last_at)
    SELECT d.pulp_id, unit.canonical_name, max(unit.name), max(n.times), max(n.times) / 10, now()
    FROM core_distribution d JOIN core_repositorycontent rc ON rc.repository_id = d.repository_id
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
    CROSS JOIN LATERAL (
        SELECT (1e9 / (1 + abs(hashtext(unit.canonical_name)::bigint) %% 1000000))::bigint AS times
    ) n
    WHERE d.name = %(registry)s GROUP BY d.pulp_id, unit.canonical_name
"""
# Columns that have the value of the column of the same name of the new unit.
DESCRIBED = (
    "pubtime",
    "index_line",
    "description",
    "keywords",
    "categories",
    "readme",
    "dependency_names",
)
INDEX_LINE = """replace(replace(replace(t.index_line, t.cksum, new.cksum),
    '"name":"' || t.name || '"', '"name":"' || new.name || '"'),
    '"vers":"' || t.vers || '"', '"vers":"' || new.vers || '"')"""


def main() -> None:
    """Execute one action after the other, until there are no more or one fails."""
    django.setup()
    connections.close_all()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            print(json.dumps(_execute(*json.loads(line))), flush=True)
            return
        if os.waitpid(child, 0)[1] != 0:
            sys.exit(1)


def _execute(action: str, name: str, *rest: str) -> str | float | None:
    """Execute an action and return its result."""
    if action == "registry":
        return _make_registry(name)
    if action == "catalog":
        return _make_catalog(name)
    if action == "export":
        return _export(name, *rest)
    if action == "guard":
        _guard(name, *rest)
    elif action == "depend":
        _depend(name, int(rest[0]))
    elif action == "describe":
        _describe(name, int(rest[0]))
    else:
        _multiply(name, int(rest[0]))
    return None


def _make_registry(name: str) -> str:
    from pulp_cargo.app.services.setup import first_registry

    return first_registry.make(name, "admin").index_url


def _export(name: str, kind: str, folder: str) -> float:
    from pulp_cargo.app.models import CargoDistribution
    from pulp_cargo.app.queries.registry.registry import registry_of
    from pulp_cargo.app.services.exports.export_registry import export_registry

    registry = registry_of(CargoDistribution.objects.get(name=name))
    dl = "https://static.example/{crate}" if kind == "static" else None
    start = time.perf_counter()
    export_registry(registry, Path(folder), kind, dl)
    return time.perf_counter() - start


def _guard(name: str, kind: str, header: str = "", value: str = "") -> None:
    from pulpcore.plugin.models import ContentGuard

    from pulp_cargo.app.models import CargoDistribution
    from pulp_cargo.app.models.core import HeaderContentGuard, RBACContentGuard

    registry = CargoDistribution.objects.get(name=name)
    registry.auth_required = kind == "auth_required"
    registry.content_guard = None
    if kind == "rbac":
        registry.content_guard = RBACContentGuard.objects.create(name=f"{name}-{kind}")
    if kind == "header":
        registry.content_guard = HeaderContentGuard.objects.create(
            name=f"{name}-{kind}", header_name=header, header_value=value
        )
    registry.save()
    ContentGuard.objects.filter(distribution=None).delete()


def _make_catalog(name: str) -> float:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.queries.catalog import Content
    from pulp_cargo.app.services.catalog.refresh import catalog_of

    repository = CargoRepository.objects.get(name=name)
    start = time.perf_counter()
    catalog_of(Content(repository.pk, repository.latest_version().pk, pinned=False))
    seconds = time.perf_counter() - start
    _analyze()
    return seconds


def _multiply(name: str, count: int) -> None:
    def new_units(ids: Sequence[UUID], first: int) -> None:
        with connection.cursor() as cursor:
            given = {"ids": ids, "first": first, "each": VERSIONS_PER_CRATE, "registry": name}
            cursor.execute(NEW_UNITS, given)

    _grow(name, count, new_units, index_line=INDEX_LINE)


def _describe(name: str, count: int) -> None:
    crates = texts.crates()

    def new_units(ids: Sequence[UUID], first: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(DESCRIBED_UNITS)
            with cursor.copy("COPY new_units FROM STDIN") as copy:
                for row in _described_rows(name, ids, islice(crates, len(ids)), first):
                    copy.write_row(row)

    _grow(name, count, new_units, **{column: f"new.{column}" for column in DESCRIBED})
    with connection.cursor() as cursor:
        cursor.execute(DOWNLOADS, {"registry": name})


def _depend(name: str, count: int) -> None:
    published = datetime.now(UTC).replace(microsecond=0)
    crates = needs.crates(count)

    def rows(ids: Sequence[UUID]) -> Iterator[Sequence[object]]:
        for pk, one in zip(ids, islice(crates, len(ids)), strict=True):
            cksum = hashlib.sha256(f"{one.name} {one.vers}".encode()).hexdigest()
            line = index_line(one, cksum, published).decode().rstrip()
            yield pk, one.name, one.vers, cksum, line

    def new_units(ids: Sequence[UUID], first: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(DEPENDING_UNITS)
            with cursor.copy("COPY new_units FROM STDIN") as copy:
                for row in rows(ids):
                    copy.write_row(row)

    _grow(name, needs.versions(count), new_units, index_line="new.index_line")


def _described_rows(
    registry: str, ids: Sequence[UUID], crates: Iterator[Described], first: int
) -> Iterator[Sequence[object]]:
    """Return the rows of DESCRIBED_UNITS, each crate published a minute before the next.

    Registries do not share them.
    """
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=365)
    for number, (pk, one) in enumerate(zip(ids, crates, strict=True), start=first):
        published = start + timedelta(minutes=number)
        crate = Crate(one.name, "1.0.0", deps=one.deps)
        cksum = hashlib.sha256(f"{registry} {one.name}".encode()).hexdigest()
        line = index_line(crate, cksum, published).decode().rstrip()
        lists = [list(one.keywords), list(one.categories)]
        texts = (one.description, *lists, one.readme, list(one.deps))
        yield pk, crate.name, crate.vers, cksum, published, line, *texts


def _grow(
    name: str, count: int, new_units: Callable[[Sequence[UUID], int], None], **columns: str
) -> None:
    """Add units to a registry with one crate: copies of that, with some columns changed.

    `new_units` makes the temporary table of units with the given ids, whose numbers follow a first
    one.
    """
    from pulpcore.plugin.models import Content

    from pulp_cargo.app.models import CargoRepository

    repository = CargoRepository.objects.get(name=name)
    template = repository.latest_version().content.get().pk
    made = 0
    # PostgreSQL plans Pulp's statements with earlier statistics of the tables, so grow in steps.
    while made < count:
        step = min(max(FIRST_STEP, GROWTH * made), count - made)
        # Pulp's own ids, whose compressibility determines the cost of a repository version.
        ids = [Content._meta.pk.get_default() for _ in range(step)]
        with transaction.atomic():
            new_units(ids, made)
            _copy_rows(template, columns)
        with repository.new_version() as version:
            version.add_content(Content.objects.filter(pk__in=ids))
        _analyze()
        made += step


def _analyze() -> None:
    """Update statistics, as autovacuum does within a minute of such growth."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _copy_rows(template: UUID, columns: Mapping[str, str]) -> None:
    """Insert the three rows of each new unit; all share the template's file."""
    from pulpcore.plugin.models import Content, ContentArtifact

    from pulp_cargo.app.models import CrateContent

    _copy(Content, "pulp_id", template, pulp_id="new.id")
    _copy(
        CrateContent,
        "content_ptr_id",
        template,
        content_ptr_id="new.id",
        name="new.name",
        canonical_name="replace(new.name, '-', '_')",
        vers="new.vers",
        vers_key="new.vers",
        cksum="new.cksum",
        **columns,
    )
    path = "new.name || '/' || new.name || '-' || new.vers || '.crate'"
    _copy(
        ContentArtifact,
        "content_id",
        template,
        pulp_id="gen_random_uuid()",
        content_id="new.id",
        relative_path=path,
    )


def _copy(model: type[Model], key: str, template: UUID, **changed: str) -> None:
    """Copy the template's row of a table for each new unit, with some columns changed."""
    columns = [field.column for field in model._meta.local_concrete_fields]
    values = ", ".join(changed.get(column, f"t.{column}") for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(columns)})"
            f" SELECT {values} FROM {model._meta.db_table} t, new_units new WHERE t.{key} = %s",
            [template],
        )


if __name__ == "__main__":
    main()
