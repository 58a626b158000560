"""An import from an archive or a folder, from its files to the report about it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from pulpcore.plugin.models import RepositoryVersion

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.queries.repository.versions_in import checksums_in
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services import owners as crate_owners
from pulp_cargo.app.services.imports import import_crates as steps
from pulp_cargo.app.services.imports.collect import Source
from pulp_cargo.app.services.imports.import_crates import Member
from pulp_cargo.app.services.imports.index_files import IndexMarks
from pulp_cargo.app.services.imports.refused import Refused, accepted
from pulp_cargo.app.services.imports.source_file import SourceFile
from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.names import canonical_name

# Counts what passes through, for a progress report.
Counted = Callable[[Iterable[Any]], Iterable[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What an import was asked for; `where` is "archive" or "folder".

    If it is `strict`, nothing is imported unless everything can be. `owners` are taken from the
    source as well.
    """

    where: str
    most_files: int
    strict: bool = False
    owners: bool = False


@dataclass(slots=True)
class Imported:
    """What an import has done: numbers of versions and files, and the refused files."""

    added: int = 0
    there: int = 0
    yanked: int = 0
    owners: int = 0
    ignored: int = 0
    without_file: int = 0
    refused: list[Refused] = field(default_factory=list)
    version: RepositoryVersion | None = None


def run(
    repository: CargoRepository,
    files: Iterable[SourceFile],
    asked: Asked,
    *,
    disk: FreeSpace,
    counted: Counted,
) -> Imported:
    """Import the files of a source; raises a RegistryError, and then nothing was added.

    `counted` wraps the iteration over the `.crate` files and the refused ones.
    """
    with closing(Source(disk, most_files=asked.most_files)) as source:
        done = Imported()
        crates = counted(source.crates(files))
        found = accepted(steps.members(repository, source, crates), done.refused)
        found = list(steps.outside_of_unpacked(source, found))
        marks = source.marks({one.exact for one in found}, timezone.now(), done.refused)
        taken = _taken(repository, found, marks, done.refused)
        _report_unpacked(repository, source, taken, done.refused)
        done.ignored, done.without_file = source.ignored, marks.without_file
        _require_something(source, taken, done.refused, asked)
        done.version = steps.add(repository, taken)
        done.there = sum(one.is_there for one in taken)
        done.added = len(taken) - done.there
        done.yanked = sum(one.marks.yanked for one in taken)
        if asked.owners:
            done.owners = crate_owners.adopt(repository.pk, _owners(source, taken))
        return done


def _taken(
    repository: CargoRepository,
    found: Sequence[Member],
    marks: IndexMarks,
    refused: list[Refused],
) -> list[Member]:
    """Return the files that can be in the repository, and append the others to the refused ones."""
    marked = accepted(steps.marked(found, marks), refused)
    agreeing = accepted(steps.agreeing(marked), refused)
    return accepted(steps.compared(repository, agreeing), refused)


def _report_unpacked(
    repository: CargoRepository,
    source: Source,
    taken: Iterable[Member],
    refused: list[Refused],
) -> None:
    """Append the unpacked crates that neither the source nor the repository has as `.crate` files."""
    wanted = [cksum for cksum in source.vendored.values() if cksum is not None]
    there = {one.cksum for one in taken} | checksums_in(repository, wanted)
    refused += source.unpacked_crates(there)


def _require_something(
    source: Source, taken: Sequence[Member], refused: Sequence[Refused], asked: Asked
) -> None:
    """Raise BadRequest if there is nothing to import, or if it is strict and a file is refused."""
    if refused and (asked.strict or not taken):
        first, others = refused[0], len(refused) - 1
        more = f" ({others} more files were refused as well)" if others else ""
        raise BadRequest(f"`{first.path}` in the {asked.where}: {first.sentence}{more}")
    if not taken and source.first_ignored is not None:
        raise BadRequest(f"`{source.first_ignored}` in the {asked.where}: it is not a .crate file")
    if not taken and asked.where == "folder":
        raise BadRequest("the folder contains no .crate files")


def _owners(source: Source, taken: Iterable[Member]) -> Iterator[tuple[str, str]]:
    """Yield the owners that the source has of the crates that were imported."""
    names = {one.canonical_name for one in taken}
    return (owner for owner in source.owners() if canonical_name(owner[0]) in names)
