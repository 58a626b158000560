"""Creating the units of an index's versions from `index_table`, in SQL and in batches.

Each batch is a transaction with all rows of its versions: a sync that is killed leaves units that
belong to no repository, and the next one finds them. Their metadata are those of the index line, for
this remote only (`rules/metadata_source`).
"""

from collections.abc import Mapping
from functools import cache
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.db.models.expressions import RawSQL

from pulpcore.plugin.models import Content

from pulp_cargo.app.models import CargoRepository, CrateContent, CrateYank
from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.models.version_rows import TIME_ORDERED_ID
from pulp_cargo.app.services.sync import listing_table, listing_units

# Versions in a transaction; more make no difference.
VERSIONS_AT_ONCE = 10_000

NEW = """
    FROM cargo_listed l JOIN cargo_described d USING (at)
    WHERE l.at >= %(first)s AND l.at < %(end)s AND NOT l.is_found ORDER BY l.at
"""
# The parts of a new unit have its id: an id is unique in its own table only, and B-trees of ids that
# ascend stay in memory. Nobody else knows the unit yet, so nothing can conflict.
NEW_PLACES = """
    INSERT INTO core_contentartifact (pulp_id, pulp_created, pulp_last_updated, relative_path,
        artifact_id, content_id)
    SELECT l.content_id, now(), now(), l.name || '/' || l.name || '-' || l.vers || '.crate',
        (
            SELECT a.pulp_id FROM core_artifact a
            WHERE a.sha256 = l.cksum AND a.pulp_domain_id = %(domain)s AND EXISTS (
                SELECT 1 FROM core_contentartifact other
                JOIN core_repositorycontent rc ON rc.content_id = other.content_id
                WHERE other.artifact_id = a.pulp_id AND rc.repository_id = %(repository)s
            )
        ), l.content_id
    FROM cargo_listed l
    WHERE l.at >= %(first)s AND l.at < %(end)s AND NOT l.is_found ORDER BY l.at
"""
NEW_SOURCES = """
    INSERT INTO core_remoteartifact (pulp_id, pulp_created, pulp_last_updated, url, size,
        sha256, content_artifact_id, remote_id, pulp_domain_id)
    SELECT l.content_id, now(), now(), l.url, l.size, l.cksum, l.content_id, %(remote)s, %(domain)s
    FROM cargo_listed l
    WHERE l.at >= %(first)s AND l.at < %(end)s AND NOT l.is_found AND l.url IS NOT NULL
    ORDER BY l.at
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
# Expressions for columns; the others get the default of their field.
CONTENT = {
    "pulp_id": "l.content_id",
    "pulp_created": "now()",
    "pulp_last_updated": "now()",
    "timestamp_of_interest": "now()",
    "pulp_type": "%(type)s",
    "pulp_domain_id": "%(domain)s",
}
CRATE = {
    "content_ptr_id": "l.content_id",
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


def make_units(repository: CargoRepository, remote: UUID, first: int, end: int) -> None:
    """Create the units that the domain lacks, with their yank marks and the places of their files.

    Only versions from `first` to before `end` in the table are looked at.
    """
    values = {
        "domain": repository.pulp_domain_id,
        "repository": repository.pk,
        "remote": remote,
        "root": "",
        "first": first,
        "end": end,
    }
    listing_units.again_if_taken(lambda: _make(repository, values))


def analyze() -> None:
    """Give PostgreSQL statistics of the new rows: with those from before, joins take minutes."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE cargo_cratecontent, cargo_crateyank, core_contentartifact")


def _make(repository: CargoRepository, values: Mapping[str, object]) -> None:
    first, end = values["first"], values["end"]
    with connection.cursor() as cursor:
        cursor.execute(DO_NOT_WAIT)
    if is_found := listing_table.find_batch(values) > 0:
        listing_units.touch_loose(repository, first, end)
    marks = [repository.pulp_domain_id, first, end, repository.pk]
    Content.objects.filter(pk__in=RawSQL(LOOSE_MARKS, marks)).touch()
    with connection.cursor() as cursor:
        for model, known in ((Content, CONTENT), (CrateContent, CRATE)):
            columns, chosen, defaults = _columns(model, tuple(known.items()))
            statement = f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {chosen} {NEW}"
            cursor.execute(statement, {**defaults, **values, "type": CrateContent.get_pulp_type()})
        for statement in (NEW_PLACES, NEW_SOURCES):
            cursor.execute(statement, values)
        columns, chosen, defaults = _columns(Content, tuple(CONTENT.items()))
        statement = NEW_MARKS.format(columns=columns, chosen=chosen)
        cursor.execute(statement, {**defaults, **values, "type": CrateYank.get_pulp_type()})
        # Units that were found may have been made for another remote, or by a listing.
        for statement in (listing_units.LINK_FILES, listing_units.NOTE_SOURCES) if is_found else ():
            cursor.execute(statement, values)


@cache
def _columns(
    model: type[Model], known: tuple[tuple[str, str], ...]
) -> tuple[str, str, dict[str, object]]:
    """Return the columns of a model's own table, their expressions, and the values of defaults."""
    expressions, defaults = dict(known), {}
    for field in model._meta.local_concrete_fields:
        if field.column not in expressions:
            key = f"default_{field.column}"
            expressions[field.column] = f"%({key})s"
            defaults[key] = field.get_db_prep_save(field.get_default(), connection)
    columns = ", ".join(connection.ops.quote_name(column) for column in expressions)
    return columns, ", ".join(expressions.values()), defaults
