"""The task that imports an archive or a folder into a repository."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import ProgressReport, PulpTemporaryFile, Upload, UploadChunk
from pulpcore.plugin.util import get_url

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.services.imports import crate_archive, folder
from pulp_cargo.app.services.imports import run as service
from pulp_cargo.app.services.imports.run import Asked, Imported
from pulp_cargo.app.services.imports.source_file import SourceFile
from pulp_cargo.app.services.process import this_process
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
    if upload is not None:
        chunked = Upload.objects.get(pk=upload)
        with _joined(chunked) as archive:
            result = _import(unit, crate_archive.archive_files(archive), asked)
        chunked.delete()
        return result
    stored = PulpTemporaryFile.objects.get(pk=temporary_file)
    try:
        with stored.file.open("rb") as archive:
            return _import(unit, crate_archive.archive_files(archive), asked)
    finally:
        stored.delete()


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


@contextmanager
def _joined(upload: Upload) -> Iterator[BinaryIO]:
    """Join the chunks of an upload to a file; raises ValidationError if one is missing."""
    with tempfile.TemporaryFile(dir=".") as joined:
        for chunk in UploadChunk.objects.filter(upload=upload).order_by("offset"):
            if chunk.offset != joined.tell():
                break
            with chunk.file.open("rb") as part:
                for piece in part.chunks():
                    joined.write(piece)
        if joined.tell() != upload.size:
            raise ValidationError(
                f"the upload is incomplete: it has only the first {joined.tell()} of {upload.size}"
                " bytes"
            )
        joined.seek(0)
        yield joined
