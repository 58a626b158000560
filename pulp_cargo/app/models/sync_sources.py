"""From which remotes repositories were synced."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from pulpcore.plugin.models import Repository, RepositoryContent, RepositoryVersion

# The key in a version's `info` for the listing and settings of the sync that made it.
SYNC_NOTE = "cargo_sync"


def last_sync(repository: UUID) -> Mapping[str, Any]:
    """Return the settings of the last sync of a repository, empty without one."""
    noted = RepositoryVersion.objects.filter(repository=repository, info__has_key=SYNC_NOTE)
    info = noted.order_by("-number").values_list("info", flat=True).first()
    return dict(info[SYNC_NOTE]) if info else {}


def last_sync_if_complete(repository: UUID) -> Mapping[str, Any]:
    """Return the settings of the last sync, empty without one or if units were removed since then.

    For instance by a rollback: a sync that reads only what has changed would not add them again.
    """
    noted = RepositoryVersion.objects.filter(repository=repository, info__has_key=SYNC_NOTE)
    newest = noted.order_by("-number").values_list("number", "info").first()
    if newest is None:
        return {}
    number, info = newest
    removed = RepositoryContent.objects.filter(
        version_removed__repository=repository, version_removed__number__gt=number
    )
    return {} if removed.exists() else dict(info[SYNC_NOTE])


def newest_note(repository: UUID) -> Mapping[str, Any]:
    """Return the settings of the sync that made the newest version, empty if none did."""
    complete = RepositoryVersion.objects.filter(repository=repository, complete=True)
    # Not the version as a whole, which has the ids of all its units.
    info = complete.order_by("-number").values_list("info", flat=True).first()
    return (info or {}).get(SYNC_NOTE) or {}


def synced_from(repositories: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Return pairs of a repository and a remote of its syncs.

    These are the repository's own remote, and those of the syncs that made its versions.
    """
    own = Repository.objects.filter(pk__in=repositories, remote__isnull=False)
    noted = RepositoryVersion.objects.filter(
        repository__in=repositories, info__has_key=SYNC_NOTE
    ).order_by()
    notes = noted.values_list("repository_id", f"info__{SYNC_NOTE}__remote").distinct()
    return {
        *own.values_list("pk", "remote_id"),
        *((repository, UUID(remote)) for repository, remote in notes),
    }
