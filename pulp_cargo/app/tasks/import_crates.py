"""The task that imports an archive of .crate files into a repository."""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import ProgressReport, PulpTemporaryFile, Upload, UploadChunk
from pulpcore.plugin.util import get_url

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.services.imports import import_crates as service
from pulp_cargo.app.services.imports.import_crates import Member, Refused
from pulp_cargo.app.services.process import this_process
from pulp_cargo.protocol.errors import BadRequest, RegistryError, printable


def import_crates(
    repository: str, temporary_file: str | None = None, upload: str | None = None, **kwargs: Any
) -> dict[str, Any]:
    """Add the .crate files of an archive to a repository in one version, and return the result.

    Refused files are listed in the result, and do not prevent the others from being added. The
    archive is a temporary file or an upload, given by its id. An upload is deleted after the
    import, unless nothing was added, so that it can be retried.
    """
    unit = CargoRepository.objects.get(pk=repository)
    if upload is not None:
        chunked = Upload.objects.get(pk=upload)
        with _joined(chunked) as archive:
            result = _import(unit, archive)
        chunked.delete()
        return result
    stored = PulpTemporaryFile.objects.get(pk=temporary_file)
    try:
        with stored.file.open("rb") as archive:
            return _import(unit, archive)
    finally:
        stored.delete()


def _import(repository: CargoRepository, archive: BinaryIO) -> dict[str, Any]:
    report = ProgressReport(message="Importing .crate files", code="cargo.import")
    refused: list[Refused] = []
    disk = this_process().services.disk
    try:
        with report:
            found = _accepted(report.iter(service.members(disk, repository, archive)), refused)
            agreeing = _accepted(service.agreeing(found), refused)
            before = len(refused)
            fresh = _accepted(service.fresh(repository, agreeing), refused)
            there = len(agreeing) - len(fresh) - (len(refused) - before)
            if refused and not fresh and not there:
                raise _nothing_left(refused)
            made = service.add(repository, fresh)
    except RegistryError as error:
        raise ValidationError(str(error)) from error
    problems = [{"file": printable(one.path), "reason": one.sentence} for one in refused]
    return {
        "added": len(fresh),
        "there": there,
        "problems": problems,
        "repository_version": made and f"{get_url(repository)}versions/{made.number}/",
    }


def _nothing_left(refused: Sequence[Refused]) -> BadRequest:
    first, others = refused[0], len(refused) - 1
    more = f" ({others} more files were refused as well)" if others else ""
    return BadRequest(f"`{first.path}` in the archive: {first.sentence}{more}")


def _accepted(members: Iterable[Member | Refused], refused: list[Refused]) -> list[Member]:
    """Yield the accepted files, and append the refused ones to the list."""
    taken = []
    for one in members:
        if isinstance(one, Refused):
            refused.append(one)
        else:
            taken.append(one)
    return taken


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
