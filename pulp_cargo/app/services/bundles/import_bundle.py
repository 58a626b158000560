"""Importing a bundle into a repository, in one repository version or not at all.

The whole bundle is verified first, and compared with the repository. Only then are files and units
stored, in batches, and added to one version. What a crash leaves behind before that is in no
repository, so Pulp's orphan cleanup removes it.

The metadata of crates are read from their files, never from the index in the bundle: a snapshot has
the checksums of the files only.
"""

import os
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from typing import BinaryIO
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from pulp_glue.cargo.bundle import Bundle, InvalidBundle, part_at, read_bundle
from pulp_glue.cargo.snapshot import Entry

from pulpcore.plugin.models import Content, ProgressReport, RepositoryVersion
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoRepository, CrateContent, CrateYank
from pulp_cargo.app.queries.repository.versions_in import versions_of
from pulp_cargo.app.runtime.batches import batches
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.crates import crate_unit, object_storage, save_crates
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.app.services.crates.yank_marks import save_marks
from pulp_cargo.app.services.repository_use import require_replaceable
from pulp_cargo.app.services.snapshots.signature import require_signature
from pulp_cargo.protocol import uniqueness
from pulp_cargo.protocol.crate_file import Origin
from pulp_cargo.protocol.errors import BadRequest, RegistryError
from pulp_cargo.protocol.names import canonical_name, parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.metadata_source import NO_TIME, time_of

# Number of files in one transaction, as in an import of .crate files.
BATCH = 50
# Number of threads for fsync.
SETTLERS = 16
# The key of what a version was imported from, in the `info` of repository versions.
NOTE = "bundle"


class BadBundle(BadRequest):
    """A bundle cannot be imported, and nothing of it was."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import has done; `version` is None if the repository had all of it."""

    bundle: Bundle
    signer: str | None
    added: int
    version: RepositoryVersion | None


@dataclass(frozen=True, slots=True)
class _Changes:
    """What the repository lacks of a bundle, and what it has besides, as ids of units."""

    missing: Sequence[Entry]
    others: Sequence[UUID]


def import_bundle(
    disk: FreeSpace, repository: CargoRepository, file: BinaryIO, *, mirror: bool
) -> Imported:
    """Import a bundle; with `mirror`, the repository has nothing else afterwards.

    Raises BadBundle, NotTrusted, CannotReplace and StorageFull, and core's ValidationError if the new version
    breaks an invariant.
    """
    disk.require_room()
    if mirror:
        require_replaceable(repository)
    bundle = _verified(repository, file)
    keys = repository.snapshot_keys
    signer = require_signature(bundle.head_bytes, bundle.signature, keys) if keys else None
    changes = _compare(repository, bundle, mirror=mirror)
    units = _store(disk, repository, file, bundle, changes.missing)
    version = _make_version(repository, bundle, units, changes.others, mirror=mirror)
    if version is not None:
        note = {"root": bundle.head.root, "repository": bundle.head.repository, "signer": signer}
        info = version.info | {NOTE: note | {"version": bundle.head.version}}
        RepositoryVersion.objects.filter(pk=version.pk).update(info=info)
    return Imported(bundle, signer, len(units), version)


def _verified(repository: CargoRepository, file: BinaryIO) -> Bundle:
    """Verify all of a bundle, and that each of its crates could be imported; raises BadBundle."""
    strict = crate_unit.strict_urls(repository)
    now = timezone.now()
    with ProgressReport(message="Verifying the bundle", code="cargo.bundle.verify") as progress:

        def examine(entry: Entry, content: bytes) -> None:
            try:
                parse_crate_name(entry.name)
                parse_version(entry.vers)
                unit = _unit(repository, entry, BytesIO(content), now, strict)
            except RegistryError as error:
                raise BadBundle(f"`{entry.file_name}` in the bundle: {error}") from error
            if (unit.name, unit.vers) != entry.key:
                raise BadBundle(
                    f"`{entry.file_name}` in the bundle is the file of `{unit.name} {unit.vers}`"
                )
            progress.increment()

        try:
            return read_bundle(file, most_crate=settings.CARGO_MAX_CRATE_BYTES, on_crate=examine)
        except InvalidBundle as error:
            raise BadBundle(f"{error}; nothing was imported") from error


def _compare(repository: CargoRepository, bundle: Bundle, *, mirror: bool) -> _Changes:
    """Return what differs; raises BadBundle for a conflict, or if crates of the base are missing."""
    names = {canonical_name(entry.name) for entry in bundle.entries}
    there = {(unit.canonical_name, unit.vers): unit for unit in versions_of(repository, names)}
    spellings = {unit.canonical_name: unit.name for unit in there.values()}
    missing, kept, lost = [], set(), []
    for entry in bundle.entries:
        canonical = canonical_name(entry.name)
        unit = there.get((canonical, entry.vers))
        spelling = spellings.setdefault(canonical, entry.name)
        replaced = unit is not None and unit.cksum != entry.cksum
        if not mirror and spelling != entry.name:
            raise _conflict(entry, f"the repository or the bundle has it as `{spelling}`")
        if not mirror and replaced:
            raise _conflict(entry, "the repository has this version with other bytes")
        if unit is not None and unit.name == entry.name and not replaced:
            kept.add(unit.pk)
        elif entry.key in bundle.files:
            missing.append(entry)
        else:
            lost.append(entry)
    if lost:
        raise _without_base(bundle, lost)
    return _Changes(missing, _others(repository, kept) if mirror else [])


def _others(repository: CargoRepository, kept: set[UUID]) -> list[UUID]:
    """Return the crate versions of the repository that are not in the bundle."""
    content = repository.latest_version().content.filter(pulp_type=CrateContent.get_pulp_type())
    return [pk for pk in content.values_list("pk", flat=True).iterator() if pk not in kept]


def _conflict(entry: Entry, reason: str) -> BadBundle:
    sentence = uniqueness.cannot_add(entry.name, entry.vers, reason)
    return BadBundle(f"`{entry.file_name}` in the bundle: {sentence}; nothing was imported")


def _without_base(bundle: Bundle, lost: Sequence[Entry]) -> BadBundle:
    first, others = lost[0], len(lost) - 1
    more = f" and {others} more" if others else ""
    return BadBundle(
        f"the bundle has only what came after the snapshot {bundle.about.since}, and the repository"
        f" lacks `{first.name} {first.vers}`{more} of it: import the earlier bundles first, or a"
        " complete one; nothing was imported"
    )


def _store(
    disk: FreeSpace,
    repository: CargoRepository,
    file: BinaryIO,
    bundle: Bundle,
    missing: Sequence[Entry],
) -> list[UUID]:
    """Store files and units, and return the ids of the units."""
    ids: list[UUID] = []
    now, domain = timezone.now(), get_domain()
    with (
        ThreadPoolExecutor(SETTLERS, thread_name_prefix="cargo-settle") as settlers,
        ProgressReport(
            message="Storing crates", code="cargo.bundle.store", total=len(missing)
        ) as progress,
    ):
        for batch in batches(missing, BATCH):
            disk.require_room()
            files = [_written(part_at(file, bundle.files[entry.key])) for entry in batch]
            list(settlers.map(IncomingFile.settle, files))
            object_storage.upload_all(files, domain)
            units = [
                _unit(repository, entry, one.rewind(), now)
                for entry, one in zip(batch, files, strict=True)
            ]
            ids += save_crates.save_apart(list(zip(units, files, strict=True)), domain)
            for one in files:
                one.discard()
            progress.increase_by(len(batch))
    return ids


def _make_version(
    repository: CargoRepository,
    bundle: Bundle,
    units: Sequence[UUID],
    others: Sequence[UUID],
    *,
    mirror: bool,
) -> RepositoryVersion | None:
    """Create the version with the new crates, and the yank marks of the snapshot."""
    yanked = {_key(entry) for entry in bundle.entries if entry.yanked}
    marks = save_marks(yanked, get_domain())
    with repository.new_version(follows=mirror) as version:
        version.remove_content(Content.objects.filter(pk__in=others))
        version.add_content(Content.objects.filter(pk__in=units))
        ended = _ended_marks(version, bundle, yanked, mirror=mirror)
        version.remove_content(Content.objects.filter(pk__in=ended))
        version.add_content(Content.objects.filter(pk__in=marks))
    return version if version.complete else None


def _ended_marks(
    version: RepositoryVersion, bundle: Bundle, yanked: set[tuple[str, str]], *, mirror: bool
) -> list[UUID]:
    """Return the yank marks that the snapshot does not have: of its versions, or with `mirror` of all."""
    covered = {_key(entry) for entry in bundle.entries}
    marks = CrateYank.objects.filter(pk__in=version.content.values("pk"))
    return [
        pk
        for pk, *key in marks.values_list("pk", "canonical_name", "vers").iterator()
        if tuple(key) not in yanked and (mirror or tuple(key) in covered)
    ]


def _key(entry: Entry) -> tuple[str, str]:
    """Return what identifies a yank mark."""
    return canonical_name(entry.name), entry.vers


def _written(content: bytes) -> IncomingFile:
    """Write a file in the working directory of the task."""
    file = IncomingFile(os.getcwd())
    file.write(content)
    return file


def _unit(
    repository: CargoRepository,
    entry: Entry,
    file: BinaryIO,
    now: datetime,
    strict: Collection[str] | None = None,
) -> CrateContent:
    """Return the unit of a file, with the time in the snapshot, if it has one."""
    time_source = time_of(repository.pk, entry.pubtime)
    pubtime = now
    if time_source != NO_TIME:
        pubtime = datetime.strptime(entry.pubtime or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return crate_unit.unit_of_file(
        file,
        cksum=entry.cksum,
        pubtime=pubtime,
        strict=strict,
        origin=Origin.IMPORTED,
        time_source=time_source,
    )
