"""The task that syncs a repository with an upstream registry."""

from typing import Any

from pulpcore.plugin.exceptions import SyncError

from pulp_cargo.app.models import CargoRemote, CargoRepository
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.services.sync import synchronize as sync
from pulp_cargo.protocol.errors import RegistryError


def synchronize(remote_pk: str, repository_pk: str, mirror: bool, **kwargs: Any) -> None:
    """Add everything that the remote has; with `mirror`, remove everything else."""
    remote = CargoRemote.objects.get(pk=remote_pk)
    repository = CargoRepository.objects.get(pk=repository_pk)
    try:
        process = this_process()
        sync.synchronize(process.loop, process.services.disk, repository, remote, mirror=mirror)
    except RegistryError as error:
        raise SyncError(str(error)) from error
