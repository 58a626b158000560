"""The task that writes a registry into a folder."""

import time
from pathlib import Path
from typing import Any

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import CreatedResource, ProgressReport, RepositoryVersion, Task

from pulp_cargo.app.models import CargoExport, CargoExporter
from pulp_cargo.app.queries.registry.registry import registry_of
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.services.exports import export_registry as service
from pulp_cargo.protocol.errors import RegistryError

# In the result of a task, which is a row of the database.
MOST_PROBLEMS = 1_000


def export_registry(exporter: str, **kwargs: Any) -> dict[str, Any]:
    """Make the folder of an exporter have what its registry serves, and return the result."""
    unit = CargoExporter.objects.select_related("distribution").get(pk=exporter)
    registry = registry_of(unit.distribution)
    progress = ProgressReport(message="Exporting crate versions", code="cargo.export", total=0)
    last = 0.0

    def show(done: int, total: int) -> None:
        nonlocal last
        progress.total = total
        pause = timeouts.PROGRESS_INTERVAL_SECONDS
        if done in (0, total) or time.monotonic() - last > pause:
            last = time.monotonic()
            progress.done = done
            progress.save()

    try:
        with progress:
            report = service.export_registry(
                registry, Path(unit.path), unit.format, unit.dl, progress=show
            )
            show(report.count, report.count)
    except RegistryError as error:
        raise ValidationError(str(error)) from error
    params = {"format": unit.format, "path": unit.path, "count": report.count}
    export = CargoExport.objects.create(exporter=unit, params=params, task=Task.current())
    export.exported_resources.create(
        content_object=RepositoryVersion.objects.defer("content_ids").get(
            pk=registry.content.version
        )
    )
    CreatedResource.objects.create(content_object=export)
    problems = [
        {"name": one.name, "vers": one.vers, "reason": one.reason}
        for one in report.problems[:MOST_PROBLEMS]
    ]
    return {"count": report.count, "added": report.added, "problems": problems}
