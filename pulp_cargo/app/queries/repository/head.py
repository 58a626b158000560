"""The newest version of a repository, and whether a task is building the next."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from pulpcore.plugin.models import Task

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.models.core import TASK_INCOMPLETE_STATES
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.runtime.statements import Rows
from pulp_cargo.protocol.unavailable import RepositoryBusy

# A task that only reads a repository, such as an export, does not block it: versions never change.
# Nor does a task whose process has stopped sending heartbeats; core takes up to 15 minutes to
# release its repository, and publishers do not wait that long.
HEAD = """
    SELECT v.pulp_id, v.number, v.complete, r.next_version, cr.index_aliases, cr.crate_owners, EXISTS (
        SELECT 1 FROM core_task t LEFT JOIN core_appstatus a ON a.pulp_id = t.app_lock_id
        WHERE t.state = ANY(%(incomplete)s) AND t.reserved_resources_record @> %(reserved)s
        AND NOT (t.state = 'running'
            AND (a.pulp_id IS NULL OR a.last_heartbeat + a.ttl < now()))
    )
    FROM core_repository r
    JOIN cargo_cargorepository cr ON cr.repository_ptr_id = r.pulp_id
    CROSS JOIN LATERAL (
        SELECT pulp_id, number, complete FROM core_repositoryversion
        WHERE repository_id = r.pulp_id ORDER BY number DESC LIMIT 1
    ) v
    WHERE r.pulp_id = %(repository)s
"""
# The newest complete version of each of some repositories, for joins.
LATEST = """latest AS (
    SELECT r.repository, v.pulp_id AS version, v.number
    FROM unnest(%(repositories)s::uuid[]) r(repository) CROSS JOIN LATERAL (
        SELECT pulp_id, number FROM core_repositoryversion
        WHERE repository_id = r.repository AND complete ORDER BY number DESC LIMIT 1
    ) v
)"""
PRN = f"prn:{CargoRepository._meta.label_lower}"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest version of a repository, and the number of the next."""

    repository: UUID
    version: UUID
    number: int
    is_complete: bool
    next_number: int
    index_aliases: tuple[str, ...]
    crate_owners: bool


def ask(repository: UUID) -> Rows:
    """Send the query for the head of a repository; the caller holds its lock."""
    values = {
        "repository": repository,
        "reserved": [f"{PRN}:{repository}"],
        "incomplete": list(TASK_INCOMPLETE_STATES),
    }
    return statements.ask(HEAD, values)


def read(repository: UUID, asked: Rows) -> Head | None:
    """Return the head of a repository, None if it was deleted; raises RepositoryBusy.

    An incomplete newest version is left over from a crash, and the caller removes it.
    """
    rows = asked.fetch()
    if not rows:
        return None
    version, number, is_complete, next_version, aliases, crate_owners, busy = rows[0]
    if busy:
        raise RepositoryBusy
    next_number = max(next_version, number + 1)
    return Head(repository, version, number, is_complete, next_number, tuple(aliases), crate_owners)


def latest_versions(repositories: Collection[UUID]) -> dict[UUID, tuple[UUID, int]]:
    """Return the newest version and its number of each repository, in one query."""
    if not repositories:
        return {}
    found = all_rows(
        f"WITH {LATEST} SELECT repository, version, number FROM latest",
        {"repositories": list(repositories)},
    )
    return {repository: (version, number) for repository, version, number in found}


def is_used(repository: UUID) -> bool:
    """Whether a task has reserved the repository, exclusively or to read versions of it."""
    prn = f"{PRN}:{repository}"
    return Task.objects.filter(
        state__in=TASK_INCOMPLETE_STATES,
        reserved_resources_record__overlap=[prn, f"shared:{prn}"],
    ).exists()
