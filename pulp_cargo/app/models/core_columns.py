"""The columns of core's tables that SQL of this plugin reads or writes.

They are not part of the plugin API, so a release of core may rename one. Django's system checks
(`app/checks`) compare them with core's models and the database, and report a missing column before
a request fails on it.
"""

from collections.abc import Collection, Mapping

from django.apps import apps

from pulp_cargo.app.runtime.rows import all_rows

MADE = frozenset({"pulp_id", "pulp_created", "pulp_last_updated"})
COLUMNS: Mapping[str, frozenset[str]] = {
    "core_appstatus": frozenset({"pulp_id", "name", "last_heartbeat", "ttl"}),
    "core_artifact": frozenset({"pulp_id", "pulp_domain_id", "file", "size", "sha256"}),
    "core_content": MADE | {"pulp_type", "timestamp_of_interest", "pulp_domain_id"},
    "core_contentartifact": MADE | {"relative_path", "artifact_id", "content_id"},
    "core_distribution": frozenset({"pulp_id", "repository_id", "remote_id"}),
    "core_remote": frozenset({"pulp_id", "url"}),
    "core_remoteartifact": MADE
    | {"url", "size", "sha256", "failed_at", "content_artifact_id", "remote_id", "pulp_domain_id"},
    "core_repository": frozenset(
        {"pulp_id", "pulp_created", "pulp_domain_id", "pulp_last_updated", "next_version"}
    ),
    "core_repositorycontent": MADE
    | {"content_id", "repository_id", "version_added_id", "version_removed_id"},
    "core_repositoryversion": MADE
    | {"repository_id", "number", "complete", "base_version_id", "info", "content_ids"},
    "core_repositoryversioncontentdetails": frozenset(
        {"id", "count_type", "content_type", "repository_version_id", "count"}
    ),
    "core_task": frozenset({"state", "reserved_resources_record", "app_lock_id"}),
}
THERE = """
    SELECT table_name::text, column_name::text FROM information_schema.columns
    WHERE table_schema = ANY(current_schemas(false)) AND table_name = ANY(%s)
"""

# Pairs of a table and a column.
Columns = Collection[tuple[str, str]]


def of_models() -> Columns:
    """Return the columns of the installed core's models, without a query."""
    models = {model._meta.db_table: model for model in apps.get_models()}
    return {
        (table, field.column)
        for table in COLUMNS.keys() & models.keys()
        for field in models[table]._meta.local_concrete_fields
    }


def of_database() -> Columns:
    """Return the columns in the database, for the tables that are declared here."""
    return {(table, column) for table, column in all_rows(THERE, [list(COLUMNS)])}


def missing(there: Columns) -> list[tuple[str, str]]:
    """Return the declared columns that are not in `there`, in order."""
    declared = {(table, column) for table, columns in COLUMNS.items() for column in columns}
    return sorted(declared.difference(there))
