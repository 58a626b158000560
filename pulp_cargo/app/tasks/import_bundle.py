"""The task that imports a bundle into a repository."""

from typing import Any

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.util import get_url

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.services.bundles import import_bundle as service
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.tasks.uploaded import sent_file
from pulp_cargo.protocol.errors import RegistryError


def import_bundle(
    repository: str,
    mirror: bool,
    temporary_file: str | None = None,
    upload: str | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Import a bundle in one version, and return what was done; with `mirror`, remove all else."""
    unit = CargoRepository.objects.get(pk=repository)
    disk = this_process().services.disk
    with sent_file(temporary_file=temporary_file, upload=upload) as file:
        try:
            done = service.import_bundle(disk, unit, file, mirror=mirror)
        except RegistryError as error:
            raise ValidationError(str(error)) from error
    made, head = done.version, done.bundle.head
    return {
        "added": done.added,
        "versions": head.count,
        "root": head.root,
        "signer": done.signer,
        "index_urls": list(done.bundle.about.index_urls),
        "repository_version": made and f"{get_url(unit)}versions/{made.number}/",
    }
