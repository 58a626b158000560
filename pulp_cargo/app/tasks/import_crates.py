"""The task that imports an archive of .crate files into a repository."""

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import ProgressReport
from pulpcore.plugin.util import get_url

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.services.imports import import_crates as service
from pulp_cargo.app.services.imports.import_crates import Member, Refused
from pulp_cargo.app.services.process import this_process
from pulp_cargo.app.tasks.uploaded import sent_file
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
    with sent_file(temporary_file=temporary_file, upload=upload) as archive:
        return _import(unit, archive)


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
