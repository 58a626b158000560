"""Creating the repository version of a sync from set differences of tables.

The table `cargo_listed` (services/sync/listing_table) must exist, and `cargo_seen`
(services/sync/index_table) if only some crates of the upstream are listed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models.expressions import RawSQL

from pulpcore.plugin.models import Content, RepositoryVersion

from pulp_cargo.app.models import CargoRepository, version_rows
from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.models.registry_urls import add_aliases
from pulp_cargo.app.models.sync_sources import SYNC_NOTE
from pulp_cargo.app.notices import channel
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.services.sync import replaced

MEMBER = is_in_newest("%(repository)s")
NEW_CRATES = f"""
    SELECT l.content_id FROM cargo_listed l
    WHERE NOT {has_row("l.content_id", MEMBER)}
"""
NEW_YANKS = f"""
    SELECT y.content_ptr_id FROM cargo_listed l
    JOIN cargo_crateyank y USING (canonical_name, vers)
    WHERE l.yanked AND y._pulp_domain_id = %(domain)s
    AND NOT {has_row("y.content_ptr_id", MEMBER)}
"""
OTHER_CRATES = f"""
    SELECT c.content_ptr_id FROM core_repositorycontent rc
    JOIN cargo_cratecontent c ON c.content_ptr_id = rc.content_id
    WHERE {MEMBER} AND NOT EXISTS (
        SELECT 1 FROM cargo_listed l WHERE l.content_id = c.content_ptr_id
    )
"""
# Yank marks to remove: with `mirror` all others, otherwise those of versions in the listing.
OTHER_YANKS = f"""
    SELECT y.content_ptr_id FROM core_repositorycontent rc
    JOIN cargo_crateyank y ON y.content_ptr_id = rc.content_id
    LEFT JOIN cargo_listed l USING (canonical_name, vers)
    WHERE {MEMBER} AND l.yanked IS NOT TRUE AND (%(mirror)s OR l.at IS NOT NULL)
"""
# Core makes an object for each, which takes a kilobyte of memory and most of the time of a sync.
ADD_MEMBERS = """
    INSERT INTO core_repositorycontent (pulp_id, pulp_created, pulp_last_updated, repository_id,
        content_id, version_added_id, version_removed_id)
    SELECT gen_random_uuid(), now(), now(), %(repository)s, a.content_id, %(new)s, NULL
    FROM cargo_added a (content_id)
"""
ADD_IDS = """
    UPDATE core_repositoryversion
    SET content_ids = content_ids || ARRAY(SELECT a.content_id FROM cargo_added a (content_id))
    WHERE pulp_id = %(new)s
"""
ANALYZE = "ANALYZE core_repositorycontent, cargo_cratecontent"
# Crates that the upstream has not changed stay as they are.
AMONG_SEEN = """
    AND EXISTS (SELECT 1 FROM cargo_seen s WHERE s.canonical_name = {unit}.canonical_name)
"""


@dataclass(frozen=True, slots=True)
class Change:
    """What a sync does to a repository: `is_partial` if only changed crates are listed."""

    mirror: bool
    is_partial: bool
    aliases: Collection[str]
    note: Mapping[str, Any]

    def removals(self) -> list[str]:
        """Return the queries for what is removed."""
        crates, yanks = OTHER_CRATES if self.mirror else replaced.OUTDATED, OTHER_YANKS
        if self.is_partial and self.mirror:
            crates += AMONG_SEEN.format(unit="c")
            yanks += AMONG_SEEN.format(unit="y")
        return [yanks, crates]


def make_version(repository: CargoRepository, change: Change) -> RepositoryVersion | None:
    """Create the version; returns None if nothing changed."""
    values = {
        "repository": repository.pk,
        "domain": repository.pulp_domain_id,
        "mirror": change.mirror,
        "remote": change.note["remote"],
    }
    # In one transaction, so that no reader sees the crates without the aliases that they need.
    with transaction.atomic():
        with repository.new_version(follows=True) as version:
            for query in change.removals():
                version.remove_content(_units(query, values))
            for query in (NEW_CRATES, NEW_YANKS):
                _add(version, query, values)
            # PostgreSQL still has the statistics from before, by which it would compare every added
            # unit with the whole repository when the invariants are checked.
            with connection.cursor() as cursor:
                cursor.execute(ANALYZE)
        if add_aliases(repository.pk, change.aliases):
            channel.registries_changed()
        newest = repository.latest_version()
        info = newest.info | {SYNC_NOTE: dict(change.note)}
        RepositoryVersion.objects.filter(pk=newest.pk).update(info=info)
    return version if version.complete else None


def _add(version: RepositoryVersion, query: str, values: dict[str, Any]) -> None:
    """Add the units that a query returns, which are not members, as core's `add_content` does."""
    if not version_rows.is_supported():
        version.add_content(_units(query, values))
        return
    with connection.cursor() as cursor:
        named = values | {"new": version.pk}
        cursor.execute(f"CREATE TEMPORARY TABLE cargo_added ON COMMIT DROP AS {query}", values)
        cursor.execute(ADD_MEMBERS, named)
        cursor.execute(ADD_IDS, named)
        cursor.execute("DROP TABLE cargo_added")
    # Core saves the version as a whole when it is complete.
    version.refresh_from_db(fields=["content_ids"])


def _units(query: str, values: dict[str, Any]) -> Any:
    # The ids are one parameter: core evaluates the query several times, and needs the same units.
    ids = [row[0] for row in all_rows(query, values)]
    return Content.objects.filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [ids]))
