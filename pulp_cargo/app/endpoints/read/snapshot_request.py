"""Starts the task that makes the snapshot of what a registry serves, at most one for a version."""

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from django_guid import set_guid

from pulpcore.plugin.models import Task
from pulpcore.plugin.tasking import dispatch

from pulp_cargo.app import tasks
from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.models.core import TASK_INCOMPLETE_STATES, with_domain
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import timeouts


def start(registry: Registry) -> None:
    """Start the task, unless one is waiting or running, or has failed a moment ago."""
    content = registry.content
    resource = f"cargo:snapshot:{content.version}"
    asked = Task.objects.filter(reserved_resources_record__contains=[resource])
    before = timezone.now() - timedelta(seconds=timeouts.SNAPSHOT_PAUSE_SECONDS)
    recent = asked.filter(pulp_created__gte=before)
    if asked.filter(state__in=TASK_INCOMPLETE_STATES).exists() or recent.exists():
        return
    # A task has the id of the request, for the logs; requests of the content app have none.
    set_guid(uuid4().hex)
    with with_domain(registry.domain):
        dispatch(
            tasks.make_snapshot,
            exclusive_resources=[resource],
            shared_resources=[CargoRepository(pk=content.repository)],
            kwargs={"repository": str(content.repository), "number": content.number},
        )
