"""The task that syncs a repository with an upstream registry."""

from collections.abc import Mapping, Sequence
from typing import Any

from pulpcore.plugin.exceptions import SyncError
from pulpcore.plugin.util import get_url

from pulp_cargo.app.models import CargoRemote, CargoRepository
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.services.sync import synchronize as sync
from pulp_cargo.app.services.sync.labels import synchronize_with_labels
from pulp_cargo.app.services.sync.order import EVERYTHING, Order, Services
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.rules.mirror_selection import selection_of


def synchronize(
    remote_pk: str,
    repository_pk: str,
    mirror: bool,
    selection: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | Sequence[str] | None = None,
    accept_older_snapshot: bool = False,
    **kwargs: Any,
) -> dict[str, Any]:
    """Add what is selected of the remote, and return what was refused.

    With `mirror`, everything else is removed. Without `selection`, everything is added. `labels` are
    those of the upstream's versions, with their origins, which a repository that follows it gets;
    those that it does not get are returned as well. None leaves its labels as they are. With
    `accept_older_snapshot`, a signed snapshot may be older than the one before.
    """
    chosen = selection_of(selection) if selection else EVERYTHING
    repository = CargoRepository.objects.get(pk=repository_pk)
    remote = CargoRemote.objects.get(pk=remote_pk)
    order = Order(repository, remote, mirror, chosen, accept_older_snapshot=accept_older_snapshot)
    process = this_process()
    services = Services(process.loop, process.services.disk)
    try:
        # A task from before an upgrade may have a list, without the origins.
        if isinstance(labels, Mapping):
            done, left_out = synchronize_with_labels(services, order, labels)
            values = left_out.values
        else:
            done, values = sync.synchronize(services, order), {}
    except RegistryError as error:
        raise SyncError(str(error)) from error
    version = done.version and f"{get_url(repository)}versions/{done.version.number}/"
    return {"repository_version": version, **done.report.values, **values}
