"""The task that makes the snapshot of a repository version."""

from typing import Any

from pulp_glue.cargo.snapshot import parse_head

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import RepositoryVersion

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.services.snapshots import make as snapshots
from pulp_cargo.protocol.errors import RegistryError


def make_snapshot(repository: str, number: int, **kwargs: Any) -> dict[str, Any]:
    """Make the snapshot of a version, if there is none yet, and return what it says."""
    unit = CargoRepository.objects.get(pk=repository)
    version = RepositoryVersion.objects.get(repository=unit, number=number, complete=True)
    try:
        made = snapshots.make(this_process().services.disk, unit, version)
    except RegistryError as error:
        raise ValidationError(str(error)) from error
    head = parse_head(made.head.encode())
    return {
        "version": head.version,
        "count": head.count,
        "root": head.root,
        "signer": made.signer or None,
    }
