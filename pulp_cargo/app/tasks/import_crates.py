"""The task that imports an archive or a folder into a repository."""

from collections.abc import Iterable
from typing import Any

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import ProgressReport
from pulpcore.plugin.util import get_url

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.services.imports import crate_archive, folder
from pulp_cargo.app.services.imports import run as service
from pulp_cargo.app.services.imports.run import Asked, Imported
from pulp_cargo.app.services.imports.source_file import SourceFile
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.tasks.uploaded import sent_file
from pulp_cargo.protocol.errors import RegistryError, printable

# Maximum number of refused files in the result of a task, which is a row of the database.
MOST_PROBLEMS = 1_000


def import_crates(
    repository: str,
    temporary_file: str | None = None,
    upload: str | None = None,
    path: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Add the `.crate` files of a source to a repository in one version, and return the result.

    Refused files are listed in the result, and do not prevent the others from being added, unless
    the import is `strict`. The source is a temporary file or an upload, given by its id, or the path
    of a folder. An upload is deleted after the import, unless nothing was added, so that it can be
    retried. `options` are those of `Asked`.
    """
    unit = CargoRepository.objects.get(pk=repository)
    if path is not None:
        asked = Asked("folder", folder.MOST_FILES, **options)
        return _import(unit, folder.folder_files(path), asked)
    asked = Asked("archive", crate_archive.MOST_FILES, **options)
    with sent_file(temporary_file=temporary_file, upload=upload) as archive:
        return _import(unit, crate_archive.archive_files(archive), asked)


def _import(
    repository: CargoRepository, files: Iterable[SourceFile], asked: Asked
) -> dict[str, Any]:
    report = ProgressReport(message="Importing .crate files", code="cargo.import")
    disk = this_process().services.disk
    try:
        with report:
            done = service.run(repository, files, asked, disk=disk, counted=report.iter)
    except RegistryError as error:
        raise ValidationError(str(error)) from error
    return _result(repository, done)


def _result(repository: CargoRepository, done: Imported) -> dict[str, Any]:
    problems = [
        {"file": printable(one.path), "reason": printable(one.sentence)}
        for one in done.refused[:MOST_PROBLEMS]
    ]
    return {
        "added": done.added,
        "there": done.there,
        "yanked": done.yanked,
        "owners": done.owners,
        "ignored": done.ignored,
        "without_file": done.without_file,
        "refused": len(done.refused),
        "problems": problems,
        "repository_version": done.version
        and f"{get_url(repository)}versions/{done.version.number}/",
    }
