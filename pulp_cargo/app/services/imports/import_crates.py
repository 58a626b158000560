"""Many .crate files in one archive, taken into a repository in one version of it.

Everything is judged before anything is stored; what is refused is named, and the others come in. Then
units and files are stored in batches, and at
last one repository version has them all; what a crash leaves before that is in no repository, and
Pulp's orphan cleanup removes it.

The files wait on the disk meanwhile. Their units, with readmes of a megabyte, are not kept in
memory: those of a batch are made again when it is stored.
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
from pulp_cargo.app.services.crates import (
    artifacts,
    crate_unit,
    object_storage,
)
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.imports.crate_archive import crate_files
from pulp_cargo.protocol import uniqueness
from pulp_cargo.protocol.errors import RegistryError

# What one transaction stores, and what is in memory at once. Each file's digest is locked, and
# PostgreSQL's table of locks is small.
BATCH = 50
# Disks settle many files at once in hardly more time than one.
SETTLERS = 16


@dataclass(frozen=True, slots=True)
class Member:
    """A crate version in the archive, and where it stands there.

    Its `key` is the crate in canonical form and the version, of which the repository has one; its
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
        """What all spellings of the crate's name have in common."""
        return self.key[0]


@dataclass(frozen=True, slots=True)
class Refused:
    """A file of the archive that does not come in, and why."""

    path: str
    sentence: str


def members(repository: CargoRepository, archive: BinaryIO) -> Iterator[Member | Refused]:
    """Judge the .crate files of an archive by themselves, each that is not a repetition.

    Raises a RegistryError for an archive that cannot be read. The bytes are kept in the working
    directory of the task.
    """
    strict = crate_unit.strict_urls(repository)
    key_of = _key_in(repository)
    seen: set[str] = set()
    for path, content in crate_files(archive, max_bytes=settings.CARGO_MAX_CRATE_BYTES):
        cksum = sha256(content).hexdigest()
        if cksum in seen:
            continue
        seen.add(cksum)
        file = _kept(content)
        try:
            unit = _unit(file, timezone.now(), strict)
        except RegistryError as error:
            file.discard()
            yield Refused(path, str(error))
        else:
            yield Member(path, unit.name, unit.vers, key_of(unit), unit.vers_key, cksum, file)


def agreeing(members: Iterable[Member]) -> Iterator[Member | Refused]:
    """Yield the files that can be in one registry; of two that cannot, the first one."""
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
    """Yield what the repository does not have, and what it has otherwise, as refused."""
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
    """Return what tells which units a repository has one of (models/invariants)."""
    if is_published_to(repository.pk):
        return lambda unit: (unit.canonical_name, unit.vers_key)
    return lambda unit: (unit.canonical_name, unit.vers)


def _is_gone(member: Member, gone: Mapping[tuple[str, str], Collection[str]]) -> bool:
    """Whether the repository had the number with other bytes, and has those no more."""
    before = gone.get((member.canonical_name, member.number), ())
    return bool(before) and member.cksum not in before


def add(repository: CargoRepository, members: Sequence[Member]) -> RepositoryVersion | None:
    """Store crates and return the one version of the repository that has them, if there are any.

    All of them are published at one moment, so that the index has them in order of SemVer.
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


def _kept(content: bytes) -> IncomingFile:
    """Write a file where the task's own files are."""
    file = IncomingFile(os.getcwd())
    file.write(content)
    return file


def _unit(
    file: IncomingFile, pubtime: datetime, strict: Collection[str] | None = None
) -> CrateContent:
    """Read the unit of a file, and close the file: there may be thousands."""
    with file.rewind() as opened:
        cksum = file.cksum
        return crate_unit.unit_of_file(
            opened, cksum=cksum, pubtime=pubtime, strict=strict, as_cargo_reads=True
        )


def _stored(batch: Sequence[Member], pubtime: datetime, domain: Domain) -> list[UUID]:
    """Store a batch; the files that were not moved away stay until the task ends."""
    files = [member.file for member in batch]
    object_storage.upload_all(files, domain)
    return artifacts.save_apart([(_unit(file, pubtime), file) for file in files], domain)


def _clash(member: Member, reason: str) -> Refused:
    return Refused(member.path, uniqueness.cannot_add(member.name, member.vers, reason))
