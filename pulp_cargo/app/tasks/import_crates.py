"""The task that takes an archive of .crate files into a repository."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import ProgressReport, PulpTemporaryFile, Upload, UploadChunk

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.services import import_crates as service
from pulp_cargo.protocol.errors import RegistryError


def import_crates(
    repository: str, temporary_file: str | None = None, upload: str | None = None, **kwargs: Any
) -> None:
    """Add the .crate files of an archive to a repository, all in one version or none.

    The archive is either a temporary file or an upload, named by its id. An upload is gone when
    it was imported, and stays for another try when it was refused.
    """
    unit = CargoRepository.objects.get(pk=repository)
    if upload is not None:
        chunked = Upload.objects.get(pk=upload)
        with _joined(chunked) as archive:
            _import(unit, archive)
        chunked.delete()
        return
    stored = PulpTemporaryFile.objects.get(pk=temporary_file)
    try:
        with stored.file.open("rb") as archive:
            _import(unit, archive)
    finally:
        stored.delete()


def _import(repository: CargoRepository, archive: BinaryIO) -> None:
    report = ProgressReport(message="Importing .crate files", code="cargo.import")
    try:
        with report:
            found = list(report.iter(service.members(repository, archive)))
            service.require_agreement(found)
            service.add(repository, service.fresh(repository, found))
    except RegistryError as error:
        raise ValidationError(str(error)) from error


@contextmanager
def _joined(upload: Upload) -> Iterator[BinaryIO]:
    """Return an upload's chunks as one file; raises ValidationError when one is missing."""
    with tempfile.TemporaryFile(dir=".") as joined:
        for chunk in UploadChunk.objects.filter(upload=upload).order_by("offset"):
            if chunk.offset != joined.tell():
                break
            with chunk.file.open("rb") as part:
                for piece in part.chunks():
                    joined.write(piece)
        if joined.tell() != upload.size:
            raise ValidationError(
                f"the upload is to have {upload.size} bytes and has only the first {joined.tell()}"
            )
        joined.seek(0)
        yield joined
