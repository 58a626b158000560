"""Many .crate files in one archive, taken into a repository together or not at all.

Everything is judged before anything is stored. Then units and files are stored in batches, and at
last one repository version has them all; what a crash leaves before that is in no repository, and
Pulp's orphan cleanup removes it.
"""

import io
import os
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from pulpcore.plugin.models import Content, Domain
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoRepository, CrateContent
from pulp_cargo.app.queries.present import versions_of
from pulp_cargo.app.services import store, units
from pulp_cargo.app.services.crate_archive import crate_files
from pulp_cargo.app.services.incoming import IncomingFile
from pulp_cargo.protocol.errors import BadRequest, RegistryError

# What one transaction stores: it locks each file's digest, and PostgreSQL's table of locks is small.
BATCH = 500
# Disks settle many files at once in hardly more time than one.
SETTLERS = 16

Crates = Sequence[tuple[CrateContent, IncomingFile]]


@dataclass(frozen=True, slots=True)
class Member:
    """A crate version in the archive, and where it stands there."""

    path: str
    unit: CrateContent
    file: IncomingFile

    @property
    def key(self) -> tuple[str, str]:
        """The crate and version in canonical form, of which a registry has one."""
        return self.unit.canonical_name, self.unit.vers_key


def members(repository: CargoRepository, archive: BinaryIO) -> Iterator[Member]:
    """Judge the .crate files of an archive by themselves, each that is not a repetition.

    Raises a RegistryError that names the file. The bytes are kept in the working directory of the
    task. All of them are published at one moment, so that the index has them in order of SemVer.
    """
    pubtime = timezone.now()
    strict = units.strict_urls(repository)
    seen: set[str] = set()
    for path, content in crate_files(archive, max_bytes=settings.CARGO_MAX_CRATE_BYTES):
        cksum = sha256(content).hexdigest()
        if cksum not in seen:
            seen.add(cksum)
            unit = _unit(path, content, cksum, pubtime, strict)
            yield Member(path, unit, _kept(content))


def require_agreement(members: Collection[Member]) -> None:
    """Raise BadRequest when two files of the archive cannot both be in a registry."""
    spellings: dict[str, Member] = {}
    versions: dict[tuple[str, str], Member] = {}
    for member in members:
        same = spellings.setdefault(member.unit.canonical_name, member)
        if same.unit.name != member.unit.name:
            raise _clash(member, f"`{same.path}` has it as `{same.unit.name}`")
        same = versions.setdefault(member.key, member)
        if same is not member:
            raise _clash(member, f"`{same.path}` is the same version with other bytes")


def fresh(repository: CargoRepository, members: Collection[Member]) -> Crates:
    """Return what the repository does not have; raises BadRequest where it has something else."""
    there: dict[tuple[str, str], CrateContent] = {}
    spellings: dict[str, str] = {}
    for unit in versions_of(repository, {member.unit.canonical_name for member in members}):
        there[unit.canonical_name, unit.vers_key] = unit
        spellings[unit.canonical_name] = unit.name
    for member in members:
        spelling = spellings.get(member.unit.canonical_name, member.unit.name)
        if spelling != member.unit.name:
            raise _clash(member, f"the repository has it as `{spelling}`")
        if member.key in there and there[member.key].cksum != member.unit.cksum:
            raise _clash(member, "the repository has this version with other bytes")
    return [(member.unit, member.file) for member in members if member.key not in there]


def add(repository: CargoRepository, crates: Crates) -> None:
    """Store crates and make one version of the repository that has them."""
    with ThreadPoolExecutor(SETTLERS, thread_name_prefix="cargo-settle") as settlers:
        list(settlers.map(_settle, (file.path for _, file in crates)))
    ids: list[UUID] = []
    for start in range(0, len(crates), BATCH):
        ids += _stored(crates[start : start + BATCH], get_domain())
    if ids:
        with repository.new_version() as version:
            version.add_content(Content.objects.filter(pk__in=ids))


def _unit(
    path: str, content: bytes, cksum: str, pubtime: datetime, strict: Collection[str] | None
) -> CrateContent:
    try:
        file = io.BytesIO(content)
        return units.unit_of_file(file, cksum=cksum, pubtime=pubtime, strict=strict)
    except RegistryError as error:
        raise BadRequest(f"`{path}` in the archive: {error}") from error


def _kept(content: bytes) -> IncomingFile:
    """Write a file where the task's own files are, and close it: there may be thousands."""
    file = IncomingFile(os.getcwd())
    file.write(content)
    file.file.close()
    return file


def _settle(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stored(crates: Crates, domain: Domain) -> list[UUID]:
    try:
        with transaction.atomic():
            return store.save_crates(crates, domain)
    except Exception:
        with suppress(Exception):
            store.forget_files([file for _, file in crates], domain)
        raise


def _clash(member: Member, reason: str) -> BadRequest:
    unit = member.unit
    return BadRequest(
        f"`{member.path}` in the archive cannot be added as `{unit.name} {unit.vers}`: {reason};"
        " a registry has one spelling of a name, and never replaces a version"
    )
