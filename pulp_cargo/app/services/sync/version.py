"""Creating the repository version of a sync from set differences of tables.

The table `cargo_listed` (services/sync/listing_table) must exist, and `cargo_seen`
(services/sync/index_table) if only some crates of the upstream are listed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models.expressions import RawSQL

from pulpcore.plugin.models import Content, RepositoryVersion

from pulp_cargo.app.models import AcceptedSnapshot, CargoRepository, version_rows, version_sets
from pulp_cargo.app.models.membership import is_in_newest
from pulp_cargo.app.models.registry_urls import add_aliases
from pulp_cargo.app.models.repository import locked
from pulp_cargo.app.models.sync_sources import SYNC_NOTE
from pulp_cargo.app.notices import channel
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services import version_labels
from pulp_cargo.app.services.sync import replaced

MEMBER = is_in_newest("%(repository)s")
# The membership of each unit is looked up by an index (OFFSET 0), since it may be a hundred times
# what is listed.
IS_MEMBER = f"""EXISTS (
    SELECT 1 FROM core_repositorycontent rc WHERE rc.content_id = {{unit}} AND {MEMBER} OFFSET 0
)"""
NEW_CRATES = f"""
    SELECT l.content_id FROM cargo_listed l WHERE NOT {IS_MEMBER.format(unit="l.content_id")}
"""
YANK_OF = """
    CROSS JOIN LATERAL (
        SELECT y.content_ptr_id, y.canonical_name, y.vers FROM cargo_crateyank y
        WHERE y.canonical_name = {of}.canonical_name {also}
        AND y._pulp_domain_id = %(domain)s OFFSET 0
    ) y
"""
NEW_YANKS = f"""
    SELECT y.content_ptr_id FROM cargo_listed l
    {YANK_OF.format(of="l", also="AND y.vers = l.vers")}
    WHERE l.yanked AND NOT {IS_MEMBER.format(unit="y.content_ptr_id")}
"""
OTHER_CRATES = f"""
    SELECT c.content_ptr_id FROM core_repositorycontent rc
    JOIN cargo_cratecontent c ON c.content_ptr_id = rc.content_id
    WHERE {MEMBER} AND NOT EXISTS (
        SELECT 1 FROM cargo_listed l WHERE l.content_id = c.content_ptr_id
    )
"""
OTHER_YANKS = f"""
    SELECT y.content_ptr_id FROM core_repositorycontent rc
    JOIN cargo_crateyank y ON y.content_ptr_id = rc.content_id
    LEFT JOIN cargo_listed l USING (canonical_name, vers)
    WHERE {MEMBER} AND l.yanked IS NOT TRUE
"""
# Without `mirror`, only yank marks of versions in the listing are removed.
UNYANKED = f"""
    SELECT y.content_ptr_id FROM cargo_listed l
    {YANK_OF.format(of="l", also="AND y.vers = l.vers")}
    WHERE NOT l.yanked AND {IS_MEMBER.format(unit="y.content_ptr_id")}
"""
# Crates that the upstream has not changed stay as they are.
SEEN = "(SELECT DISTINCT canonical_name FROM cargo_seen) s"
OTHER_CRATES_SEEN = f"""
    SELECT c.content_ptr_id FROM {SEEN} CROSS JOIN LATERAL (
        SELECT c.content_ptr_id FROM cargo_cratecontent c
        WHERE c.canonical_name = s.canonical_name AND {IS_MEMBER.format(unit="c.content_ptr_id")}
        OFFSET 0
    ) c
    WHERE NOT EXISTS (SELECT 1 FROM cargo_listed l WHERE l.content_id = c.content_ptr_id)
"""
OTHER_YANKS_SEEN = f"""
    SELECT y.content_ptr_id FROM {SEEN} {YANK_OF.format(of="s", also="")}
    WHERE {IS_MEMBER.format(unit="y.content_ptr_id")} AND NOT EXISTS (
        SELECT 1 FROM cargo_listed l
        WHERE l.canonical_name = y.canonical_name AND l.vers = y.vers AND l.yanked
    )
"""
# A version that has exactly what is listed. First their numbers are compared, which is cheap.
SAME_CONTENT = f"""
    WITH wanted AS (
        SELECT l.content_id AS id FROM cargo_listed l
        UNION
        SELECT y.content_ptr_id FROM cargo_listed l
        {YANK_OF.format(of="l", also="AND y.vers = l.vers")} WHERE l.yanked
    )
    SELECT v.pulp_id FROM core_repositoryversion v
    WHERE v.repository_id = %(repository)s AND v.complete
    AND cardinality(v.content_ids) = (SELECT count(*) FROM wanted)
    AND NOT EXISTS (
        SELECT 1 FROM unnest(v.content_ids) AS member (unit)
        WHERE NOT EXISTS (SELECT 1 FROM wanted w WHERE w.id = member.unit)
    )
    ORDER BY v.number DESC LIMIT 1
"""


# The units of a version, which may be deleted as an old one as soon as there is another.
REMEMBER = """
    CREATE TEMPORARY TABLE cargo_before ON COMMIT DROP AS
    SELECT unnest(content_ids) AS content_id FROM core_repositoryversion WHERE pulp_id = %s
"""
FORGET = "DROP TABLE cargo_before"
BEFORE = "SELECT content_id FROM cargo_before"
NOW = f"SELECT rc.content_id FROM core_repositorycontent rc WHERE {MEMBER}"


@dataclass(frozen=True, slots=True)
class Change:
    """What a sync does to a repository: `is_partial` if only changed crates are listed.

    `snapshot` is the one that has signed what is listed, if that is required.
    """

    mirror: bool
    is_partial: bool
    aliases: Collection[str]
    note: Mapping[str, Any]
    snapshot: AcceptedSnapshot | None = None

    def removals(self) -> list[str]:
        """Return the queries for what is removed."""
        if not self.mirror:
            return [UNYANKED, replaced.OUTDATED]
        return (
            [OTHER_YANKS_SEEN, OTHER_CRATES_SEEN]
            if self.is_partial
            else [OTHER_YANKS, OTHER_CRATES]
        )


def version_with_listed(repository: CargoRepository) -> RepositoryVersion | None:
    """Return the newest version that has exactly what is listed, None if there is none."""
    values = {"repository": repository.pk, "domain": repository.pulp_domain_id}
    for (pk,) in all_rows(SAME_CONTENT, values):
        return RepositoryVersion.objects.defer("content_ids").get(pk=pk)
    return None


def make_version(repository: CargoRepository, change: Change) -> RepositoryVersion | None:
    """Create the version; returns None if nothing changed."""
    values = {
        "repository": repository.pk,
        "domain": repository.pulp_domain_id,
        "remote": change.note["remote"],
    }
    make = _make_rows if version_rows.is_supported() else _make_with_core
    # In one transaction, so that no reader sees the crates without the aliases that they need.
    with transaction.atomic():
        version = make(repository, change, values)
        if add_aliases(repository.pk, change.aliases):
            channel.registries_changed()
        complete = RepositoryVersion.objects.filter(repository=repository, complete=True)
        newest, info = complete.order_by("-number").values_list("pk", "info")[0]
        complete.filter(pk=newest).update(info=info | {SYNC_NOTE: dict(change.note)})
        if change.snapshot is not None:
            change.snapshot.replace_earlier()
    return version


def make_labelled(
    repository: CargoRepository, change: Change, label: str, origin: str
) -> RepositoryVersion | None:
    """Create a version for the state of a label, and one after it with the content from before.

    In one transaction, so that the newest version is never an older state, not even for a moment or
    if the task is killed. Returns the first one, which has the label, None if nothing changed.
    """
    # Another change of the repository waits, or comes first.
    with locked(repository.pk):
        versions = RepositoryVersion.objects.filter(repository=repository, complete=True)
        pk, info = versions.order_by("-number").values_list("pk", "info")[0]
        with connection.cursor() as cursor:
            cursor.execute(REMEMBER, [pk])
            version = make_version(repository, change)
            if version is not None:
                version_labels.follow(repository, label, version.pk, origin)
                restored = _restore(repository)
                versions.filter(pk=restored).update(info=info)
            cursor.execute(FORGET)
    return version


def _restore(repository: CargoRepository) -> UUID | None:
    """Create a version with the units that were remembered, and return its id."""
    values = {"repository": repository.pk}
    added, removed = f"{BEFORE} EXCEPT {NOW}", f"{NOW} EXCEPT {BEFORE}"
    if version_rows.is_supported():
        restored = _write_rows(repository, [added], [removed], values)
        return restored and restored.pk
    with repository.new_version(follows=True) as restored:
        restored.remove_content(_units(removed, values))
        restored.add_content(_units(added, values))
    return restored.pk


def _make_rows(
    repository: CargoRepository, change: Change, values: dict[str, Any]
) -> RepositoryVersion | None:
    return _write_rows(repository, [NEW_CRATES, NEW_YANKS], change.removals(), values)


def _write_rows(
    repository: CargoRepository,
    added: Sequence[str],
    removed: Sequence[str],
    values: Mapping[str, Any],
) -> RepositoryVersion | None:
    """Write a version with the units of some queries, and do what core does after it."""
    new = version_sets.NewVersion(repository)
    with connection.cursor() as cursor:
        for table, queries in (("cargo_removed", removed), ("cargo_added", added)):
            for query in queries:
                cursor.execute(f"INSERT INTO {table} {query}", values)
    version = new.write()
    if version is None:
        return None
    version_sets.note_created(version, repository)
    channel.repository_changed(repository.pk)
    transaction.on_commit(repository.invalidate_cache)
    repository.cleanup_old_versions()
    repository.on_new_version(version)
    return version


def _make_with_core(
    repository: CargoRepository, change: Change, values: dict[str, Any]
) -> RepositoryVersion | None:
    """Do the same with core's code, at a cost that grows with the repository."""
    with repository.new_version(follows=True) as version:
        for query in change.removals():
            version.remove_content(_units(query, values))
        for query in (NEW_CRATES, NEW_YANKS):
            version.add_content(_units(query, values))
        with connection.cursor() as cursor:
            cursor.execute(version_sets.ANALYZE)
    return version if version.complete else None


def _units(query: str, values: dict[str, Any]) -> Any:
    # The ids are one parameter: core evaluates the query several times, and needs the same units.
    ids = [row[0] for row in all_rows(query, values)]
    return Content.objects.filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [ids]))
