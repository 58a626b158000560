"""Whether somebody else is building a version of a repository at this moment."""

from uuid import UUID

from django.db.models import F, Q
from django.db.models.functions import Now

from pulpcore.plugin.models import Task
from pulpcore.plugin.util import get_prn

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.models.core import TASK_INCOMPLETE_STATES, TASK_STATES
from pulp_cargo.protocol.errors import RepositoryBusy

# A task that runs in a process which has stopped to give signs of life. Core frees such a task's
# repository after up to a quarter of an hour; publishers do not wait for that.
DEAD = Q(state=TASK_STATES.RUNNING) & (
    Q(app_lock=None) | Q(app_lock__last_heartbeat__lt=Now() - F("app_lock__ttl"))
)


def latest_or_raise(repository: CargoRepository) -> tuple[UUID, int]:
    """Return id and number of the newest version, or raise RepositoryBusy; the caller has the lock.

    An unfinished version that no living task is building is debris of a crash, and is removed.
    """
    holders = Task.objects.filter(
        state__in=TASK_INCOMPLETE_STATES,
        reserved_resources_record__contains=[get_prn(instance=repository)],
    )
    if holders.exclude(DEAD).exists():
        raise RepositoryBusy
    latest = repository.versions.latest()
    if not latest.complete:
        latest.delete()
        latest = repository.versions.latest()
    return latest.pk, latest.number
