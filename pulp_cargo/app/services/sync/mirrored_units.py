"""Creating the units of an index's versions from `index_table`, in SQL and in batches.

Each batch is a transaction with all rows of its versions: a sync that is killed leaves units that
belong to no repository, and the next one finds them. Their metadata are those of the index line, for
this remote only (`rules/metadata_source`).
"""

from collections.abc import Callable, Mapping
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import Model

from pulpcore.plugin.models import Content

from pulp_cargo.app.models import CargoRepository, CrateContent
from pulp_cargo.app.runtime.rows import first_row
from pulp_cargo.app.services.sync import listing_table, units

# Versions in a transaction; more make no difference.
VERSIONS_AT_ONCE = 10_000

LAST = "SELECT coalesce(max(at), -1) FROM cargo_listed"
NEW = """
    FROM cargo_listed l JOIN cargo_described d USING (at)
    WHERE l.at >= %(first)s AND l.at < %(end)s AND l.content_id IS NULL ORDER BY l.at
"""
TAKE_IDS = """
    UPDATE cargo_listed l SET content_id = d.pulp_id FROM cargo_described d
    WHERE d.at = l.at AND l.at >= %(first)s AND l.at < %(end)s AND l.content_id IS NULL
"""
# Expressions for columns; the others get the default of their field.
CONTENT = {
    "pulp_id": "d.pulp_id",
    "pulp_created": "now()",
    "pulp_last_updated": "now()",
    "timestamp_of_interest": "now()",
    "pulp_type": "%(type)s",
    "pulp_domain_id": "%(domain)s",
}
CRATE = {
    "content_ptr_id": "d.pulp_id",
    "_pulp_domain_id": "%(domain)s",
    "pubtime": "coalesce(d.pubtime, now())",
    **{
        name: f"l.{name}" for name in ("name", "canonical_name", "vers", "cksum", "metadata_source")
    },
    **{
        name: f"d.{name}"
        for name in (
            "vers_key",
            "index_line",
            "links",
            "rust_version",
            "dependency_names",
            "registries",
        )
    },
}


def make_units(repository: CargoRepository, remote: UUID, progress: Callable[[int], None]) -> None:
    """Create the units that the domain lacks, with their yank marks and the places of their files.

    `progress` is called with numbers of further versions.
    """
    domain = repository.pulp_domain
    listing_table.find_units(domain.pk, repository.pk)
    units.touch_loose(repository)
    (last,) = first_row(LAST) or (-1,)
    values = {
        "domain": domain.pk,
        "repository": repository.pk,
        "remote": remote,
        "root": "",
        "type": CrateContent.get_pulp_type(),
    }
    for first in range(0, last + 1, VERSIONS_AT_ONCE):
        end = min(first + VERSIONS_AT_ONCE, last + 1)
        units.again_if_taken(lambda: _make_batch(values | {"first": first, "end": end}))  # noqa: B023
        progress(end - first)
    units.make_marks(repository)
    if last >= 0:
        # PostgreSQL has the statistics from before, by which joins with the new rows take minutes.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE cargo_cratecontent, cargo_crateyank, core_contentartifact")


def _make_batch(values: Mapping[str, object]) -> None:
    listing_table.find_batch(values)
    with connection.cursor() as cursor:
        for model, known in ((Content, CONTENT), (CrateContent, CRATE)):
            statement, defaults = _insert(model, tuple(known.items()))
            cursor.execute(statement, {**defaults, **values})
        cursor.execute(TAKE_IDS, values)
        for statement in (units.LINK_FILES, units.NOTE_SOURCES):
            cursor.execute(statement, values)


@cache
def _insert(
    model: type[Model], known: tuple[tuple[str, str], ...]
) -> tuple[str, dict[str, object]]:
    """Return the statement that inserts the new rows of a model's own table, and its defaults."""
    expressions, defaults = dict(known), {}
    for field in model._meta.local_concrete_fields:
        if field.column not in expressions:
            key = f"default_{field.column}"
            expressions[field.column] = f"%({key})s"
            defaults[key] = field.get_db_prep_save(field.get_default(), connection)
    columns = ", ".join(connection.ops.quote_name(column) for column in expressions)
    chosen = ", ".join(expressions.values())
    return f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {chosen} {NEW}", defaults
