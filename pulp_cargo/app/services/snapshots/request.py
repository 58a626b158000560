"""Starts the task that makes the snapshot of a repository version; one at a time for each version."""

from datetime import timedelta
from uuid import UUID, uuid4

from django.utils import timezone
from django_guid import set_guid

from pulpcore.plugin.models import Task
from pulpcore.plugin.tasking import dispatch

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.models.core import TASK_INCOMPLETE_STATES, with_domain
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import timeouts

# By name, since tasks call services.
TASK = "pulp_cargo.app.tasks.snapshot.make_snapshot"


def start(repository: UUID, version: UUID, number: int) -> Task:
    """Start the task for a version of a repository, and return it."""
    return dispatch(
        TASK,
        exclusive_resources=[_resource(version)],
        shared_resources=[CargoRepository(pk=repository)],
        kwargs={"repository": str(repository), "number": number},
    )


def start_for_reader(registry: Registry, repository: UUID, version: UUID) -> None:
    """Start the task for the version that a registry serves, for somebody who may only read.

    Nothing happens if a task is waiting or running, or was started a moment ago.
    """
    asked = Task.objects.filter(reserved_resources_record__contains=[_resource(version)])
    before = timezone.now() - timedelta(seconds=timeouts.SNAPSHOT_PAUSE_SECONDS)
    recent = asked.filter(pulp_created__gte=before)
    if asked.filter(state__in=TASK_INCOMPLETE_STATES).exists() or recent.exists():
        return
    # A task has the id of the request, for the logs; requests of the content app have none.
    set_guid(uuid4().hex)
    with with_domain(registry.domain):
        start(repository, version, registry.content.number)


def _resource(version: UUID) -> str:
    return f"cargo:snapshot:{version}"
