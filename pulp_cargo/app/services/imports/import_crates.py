"""Importing the `.crate` files of an archive or a folder into a repository, in one version of it.

All files are examined before any is stored. Refused files are reported; units and files of the
others are stored in batches, and then added to one repository version. What a crash leaves behind
before that is in no repository, so Pulp's orphan cleanup removes it.

The files are on disk meanwhile. Units may have readmes of a megabyte, so they are not held in
memory, but built again for each batch.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models.expressions import RawSQL
from django.utils import timezone

from pulpcore.plugin.models import Content, Domain, RepositoryVersion
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoRepository, CrateContent
from pulp_cargo.app.queries.repository.versions_in import used_versions, versions_of
from pulp_cargo.app.queries.upstreams.repository_roles import is_published_to
from pulp_cargo.app.services.crates import crate_unit, object_storage, save_crates
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.yank_marks import save_marks
from pulp_cargo.app.services.imports.collect import CrateFile, Source
from pulp_cargo.app.services.imports.index_files import IndexMarks
from pulp_cargo.app.services.imports.refused import Refused
from pulp_cargo.protocol import uniqueness
from pulp_cargo.protocol.crate_file import Origin
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.rules.import_marks import NO_MARKS, Key, Marks, key_of, marks_for
from pulp_cargo.rules.metadata_source import NO_TIME

# Number of files in one transaction, and of units in memory. Each file takes an advisory lock, and
# PostgreSQL's lock table is small.
BATCH = 50
# Number of threads for fsync; many concurrent calls take hardly more time than one.
SETTLERS = 16


@dataclass(frozen=True, slots=True)
class Member:
    """A crate version in the source, and the path of its file there.

    `key` is the crate in canonical form and the version that must be unique in the repository;
    `number` is the version without build metadata.
    """

    path: str
    name: str
    vers: str
    key: tuple[str, str]
    number: str
    cksum: str
    file: IncomingFile
    marks: Marks = NO_MARKS
    is_there: bool = False

    @property
    def canonical_name(self) -> str:
        """The canonical name of the crate."""
        return self.key[0]

    @property
    def exact(self) -> Key:
        """The canonical name and the exact version."""
        return key_of(self.name, self.vers)


def members(
    repository: CargoRepository, source: Source, files: Iterable[CrateFile | Refused]
) -> Iterator[Member | Refused]:
    """Examine each `.crate` file of a source by itself; files with the same bytes only once.

    Raises a RegistryError if the source cannot be read, or if there is no room for its files, which
    are written to the working directory of the task.
    """
    strict = crate_unit.strict_urls(repository)
    key_of = _key_in(repository)
    seen: set[str] = set()
    for found in files:
        if isinstance(found, Refused):
            yield found
            continue
        cksum = found.file.cksum
        if cksum in seen:
            found.file.discard()
            continue
        try:
            unit = _unit(found.file, timezone.now(), strict=strict)
        except RegistryError as error:
            found.file.discard()
            if found.is_certain:
                yield Refused(found.shown, str(error))
            else:
                source.ignore(found.shown)
        else:
            seen.add(cksum)
            key, number = key_of(unit), unit.vers_key
            yield Member(found.path, unit.name, unit.vers, key, number, cksum, found.file)


def outside_of_unpacked(source: Source, members: Iterable[Member]) -> Iterator[Member]:
    """Yield the files that are not part of an unpacked crate, such as the data of its tests."""
    for member in members:
        if source.vendored and source.is_unpacked(member.path):
            source.ignore(member.path)
            member.file.discard()
        else:
            yield member


def marked(members: Iterable[Member], marks: IndexMarks) -> Iterator[Member | Refused]:
    """Yield the files with what the indexes say about them, and refuse those that they contradict."""
    for member in members:
        found = marks_for(marks.of.get(member.exact, ()), member.cksum)
        if isinstance(found, Marks):
            yield replace(member, marks=found)
        else:
            member.file.discard()
            yield Refused(member.path, found)


def agreeing(members: Iterable[Member]) -> Iterator[Member | Refused]:
    """Yield the files that can be in one registry; of two that conflict, refuse the second."""
    spellings: dict[str, Member] = {}
    versions: dict[tuple[str, str], Member] = {}
    for member in members:
        spelled = spellings.setdefault(member.canonical_name, member)
        same = versions.setdefault(member.key, member) if spelled.name == member.name else member
        if spelled.name != member.name:
            yield _clash(member, f"`{spelled.path}` has it as `{spelled.name}`")
        elif same is not member:
            yield _clash(member, f"`{same.path}` is the same version with other bytes")
        else:
            yield member


def compared(
    repository: CargoRepository, members: Collection[Member]
) -> Iterator[Member | Refused]:
    """Yield the files with whether the repository has them; refuse those that conflict with it."""
    there: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    spellings: dict[str, str] = {}
    names = {member.canonical_name for member in members}
    gone = used_versions(repository, names)
    key_of = _key_in(repository)
    for unit in versions_of(repository, names):
        there[key_of(unit)].add(unit.cksum)
        spellings[unit.canonical_name] = unit.name
        gone[unit.canonical_name, unit.vers_key].discard(unit.cksum)
    for member in members:
        spelling = spellings.get(member.canonical_name, member.name)
        if spelling != member.name:
            yield _clash(member, f"the repository has it as `{spelling}`")
        elif member.key in there:
            if member.cksum in there[member.key]:
                member.file.discard()
                yield replace(member, is_there=True)
            else:
                yield _clash(member, "the repository has this version with other bytes")
        elif _is_gone(member, gone):
            yield _clash(member, "the repository had this version with other bytes before")
        else:
            yield member


def _key_in(repository: CargoRepository) -> Callable[[CrateContent], tuple[str, str]]:
    """Return the function for the key that is unique in a repository (models/invariants)."""
    if is_published_to(repository.pk):
        return lambda unit: (unit.canonical_name, unit.vers_key)
    return lambda unit: (unit.canonical_name, unit.vers)


def _is_gone(member: Member, gone: Mapping[tuple[str, str], Collection[str]]) -> bool:
    """Whether the repository had the number before, with other bytes that it no longer has."""
    before = gone.get((member.canonical_name, member.number), ())
    return bool(before) and member.cksum not in before


def add(repository: CargoRepository, members: Sequence[Member]) -> RepositoryVersion | None:
    """Store crates and yank marks, and return the new repository version, None if nothing changes.

    Versions without a known time get the same one, so that the index has them in order of SemVer.
    """
    fresh = [member for member in members if not member.is_there]
    arrived = timezone.now()
    with ThreadPoolExecutor(SETTLERS, thread_name_prefix="cargo-settle") as settlers:
        list(settlers.map(IncomingFile.settle, (member.file for member in fresh)))
    ids: list[UUID] = []
    for start in range(0, len(fresh), BATCH):
        ids += _stored(repository, fresh[start : start + BATCH], arrived, get_domain())
    ids += save_marks({member.exact for member in members if member.marks.yanked}, get_domain())
    if not ids:
        return None
    with repository.new_version() as version:
        # The ids are one parameter: core evaluates the query several times.
        version.add_content(
            Content.objects.filter(pk__in=RawSQL("SELECT unnest(%s::uuid[])", [ids]))
        )
    return version if version.complete else None


def _unit(
    file: IncomingFile,
    pubtime: datetime,
    *,
    strict: Collection[str] | None = None,
    time_source: str = NO_TIME,
) -> CrateContent:
    """Build the unit of a file, and close the file, since there may be thousands."""
    with file.rewind() as opened:
        return crate_unit.unit_of_file(
            opened,
            cksum=file.cksum,
            pubtime=pubtime,
            strict=strict,
            origin=Origin.IMPORTED,
            time_source=time_source,
        )


def _stored(
    repository: CargoRepository, batch: Sequence[Member], arrived: datetime, domain: Domain
) -> list[UUID]:
    """Store a batch; files that are not moved to the storage are deleted with the task."""
    files = [member.file for member in batch]
    object_storage.upload_all(files, domain)
    crates = [(_timed_unit(repository, member, arrived), member.file) for member in batch]
    return save_crates.save_apart(crates, domain)


def _timed_unit(repository: CargoRepository, member: Member, arrived: datetime) -> CrateContent:
    """Build the unit of a file; the time of an index counts for this repository only."""
    pubtime = member.marks.pubtime
    if pubtime is None:
        return _unit(member.file, arrived)
    return _unit(member.file, pubtime, time_source=str(repository.pk))


def _clash(member: Member, reason: str) -> Refused:
    return Refused(member.path, uniqueness.cannot_add(member.name, member.vers, reason))
