"""Importing an archive of .crate files into a repository, in one repository version.

All files are examined before any is stored. Refused files are reported; units and files of the
others are stored in batches, and then added to one repository version. What a crash leaves behind
before that is in no repository, so Pulp's orphan cleanup removes it.

The files are on disk meanwhile. Units may have readmes of a megabyte, so they are not held in
memory, but built again for each batch.
"""

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from pulpcore.plugin.models import Content, Domain, RepositoryVersion
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoRepository, CrateContent
from pulp_cargo.app.queries.repository.versions_in import used_versions, versions_of
from pulp_cargo.app.queries.upstreams.repository_roles import is_published_to
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.crates import artifacts, crate_unit, object_storage
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.imports.crate_archive import crate_files
from pulp_cargo.protocol import uniqueness
from pulp_cargo.protocol.crate_file import Origin
from pulp_cargo.protocol.errors import RegistryError

# Number of files in one transaction, and of units in memory. Each file takes an advisory lock, and
# PostgreSQL's lock table is small.
BATCH = 50
# Number of threads for fsync; many concurrent calls take hardly more time than one.
SETTLERS = 16


@dataclass(frozen=True, slots=True)
class Member:
    """A crate version in the archive, and the path of its file there.

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

    @property
    def canonical_name(self) -> str:
        """The canonical name of the crate."""
        return self.key[0]


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of the archive that is refused, and the reason."""

    path: str
    sentence: str


def members(
    disk: FreeSpace, repository: CargoRepository, archive: BinaryIO
) -> Iterator[Member | Refused]:
    """Examine each .crate file of an archive by itself; files with the same bytes only once.

    Raises a RegistryError if the archive cannot be read, or if there is no room for its files, which
    are written to the working directory of the task.
    """
    strict = crate_unit.strict_urls(repository)
    key_of = _key_in(repository)
    seen: set[str] = set()
    for path, content in crate_files(archive, max_bytes=settings.CARGO_MAX_CRATE_BYTES):
        cksum = sha256(content).hexdigest()
        if cksum in seen:
            continue
        seen.add(cksum)
        disk.require_room()
        file = _written(content)
        try:
            unit = _unit(file, timezone.now(), strict)
        except RegistryError as error:
            file.discard()
            yield Refused(path, str(error))
        else:
            yield Member(path, unit.name, unit.vers, key_of(unit), unit.vers_key, cksum, file)


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


def fresh(repository: CargoRepository, members: Collection[Member]) -> Iterator[Member | Refused]:
    """Yield files that the repository lacks, and refuse those that conflict with what it has."""
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
            if member.cksum not in there[member.key]:
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
    """Store crates, and return the new repository version that has them, None without crates.

    All get the same publication time, so that the index has them in order of SemVer.
    """
    pubtime = timezone.now()
    with ThreadPoolExecutor(SETTLERS, thread_name_prefix="cargo-settle") as settlers:
        list(settlers.map(IncomingFile.settle, (member.file for member in members)))
    ids: list[UUID] = []
    for start in range(0, len(members), BATCH):
        ids += _stored(members[start : start + BATCH], pubtime, get_domain())
    if not ids:
        return None
    with repository.new_version() as version:
        version.add_content(Content.objects.filter(pk__in=ids))
    return version


def _written(content: bytes) -> IncomingFile:
    """Write a file in the working directory of the task."""
    file = IncomingFile(os.getcwd())
    file.write(content)
    return file


def _unit(
    file: IncomingFile, pubtime: datetime, strict: Collection[str] | None = None
) -> CrateContent:
    """Build the unit of a file, and close the file, since there may be thousands."""
    with file.rewind() as opened:
        cksum = file.cksum
        return crate_unit.unit_of_file(
            opened, cksum=cksum, pubtime=pubtime, strict=strict, origin=Origin.IMPORTED
        )


def _stored(batch: Sequence[Member], pubtime: datetime, domain: Domain) -> list[UUID]:
    """Store a batch; files that are not moved to the storage are deleted with the task."""
    files = [member.file for member in batch]
    object_storage.upload_all(files, domain)
    return artifacts.save_apart([(_unit(file, pubtime), file) for file in files], domain)


def _clash(member: Member, reason: str) -> Refused:
    return Refused(member.path, uniqueness.cannot_add(member.name, member.vers, reason))
