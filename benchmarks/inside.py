"""Work inside the registry's Django, as a process of its own (Django is set up once in each).

    python -m benchmarks.inside registry NAME
    python -m benchmarks.inside multiply NAME COUNT
    python -m benchmarks.inside guard NAME none|auth_required|rbac|header [HEADER VALUE]

`multiply` creates a large repository in seconds: it copies the rows of the registry's only crate
under new names and adds them with Pulp's own code, in a few large repository versions.
"""

import sys
from uuid import UUID

import django
from django.db import connection, transaction
from django.db.models import Model

FIRST_STEP = 1_000
GROWTH = 4
VERSIONS_PER_CRATE = 5

NEW_UNITS = """
    CREATE TEMPORARY TABLE new_units ON COMMIT DROP AS
    SELECT id, 'bench-many-' || lpad((n / %(each)s)::text, 6, '0') AS name,
        '1.0.' || n %% %(each)s AS vers, encode(sha256(n::text::bytea), 'hex') AS cksum
    FROM (SELECT id, %(first)s + i - 1 AS n FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY u (id, i))
    _
"""
INDEX_LINE = """replace(replace(replace(t.index_line, t.cksum, new.cksum),
    '"name":"' || t.name || '"', '"name":"' || new.name || '"'),
    '"vers":"' || t.vers || '"', '"vers":"' || new.vers || '"')"""


def main() -> None:
    """Execute the command line."""
    django.setup()
    action, name, *rest = sys.argv[1:]
    if action == "registry":
        print(_make_registry(name))
    elif action == "guard":
        _guard(name, *rest)
    else:
        _multiply(name, int(rest[0]))


def _make_registry(name: str) -> str:
    from pulp_cargo.app.services.setup import first_registry

    return first_registry.make(name, "admin").index_url


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


def _multiply(name: str, count: int) -> None:
    from pulpcore.plugin.models import Content

    from pulp_cargo.app.models import CargoRepository

    repository = CargoRepository.objects.get(name=name)
    template = repository.latest_version().content.get().pk
    made = 0
    # PostgreSQL plans Pulp's statements with earlier statistics of the tables, so grow in steps.
    while made < count:
        step = min(max(FIRST_STEP, GROWTH * made), count - made)
        copies = _copies(template, made, made + step - 1)
        with repository.new_version() as version:
            version.add_content(Content.objects.filter(pk__in=copies))
        _analyze()
        made += step


def _analyze() -> None:
    """Update statistics, as autovacuum does within a minute of such growth."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _copies(template: UUID, first: int, last: int) -> list[UUID]:
    from pulpcore.plugin.models import Content

    # Pulp's own ids, whose compressibility determines the cost of a repository version.
    ids = [Content._meta.pk.get_default() for _ in range(first, last + 1)]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NEW_UNITS, {"ids": ids, "first": first, "each": VERSIONS_PER_CRATE})
        _copy_rows(template)
    return ids


def _copy_rows(template: UUID) -> None:
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
        index_line=INDEX_LINE,
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
