"""Crates and their files written to tables and storage, many in a few statements.

Core saves units one by one, with a savepoint each; a group of publishes would spend its time
there, under the repository's lock.
"""

import os
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model

from pulpcore.plugin.models import Artifact, Content, Domain

from pulp_cargo.app.models import CrateContent, CrateYank
from pulp_cargo.app.services.incoming import IncomingFile

# The first key of the advisory locks on digests, which keep a file from being removed as debris
# by one writer while another adopts it.
LOCK_CLASS = 0x6361_7269

Crates = Sequence[tuple[CrateContent, IncomingFile]]

LINK_FILES = """
    INSERT INTO core_contentartifact (pulp_id, pulp_created, pulp_last_updated, relative_path,
        artifact_id, content_id)
    VALUES (gen_random_uuid(), now(), now(), %s, %s, %s)
    ON CONFLICT (content_id, relative_path) DO UPDATE SET artifact_id = EXCLUDED.artifact_id
    WHERE core_contentartifact.artifact_id IS NULL
"""


def save_crates(crates: Crates, domain: Domain) -> list[UUID]:
    """Store the files and units of crates, or find those that are there, and return the units' ids."""
    if not crates:
        return []
    artifacts = _save_files([file for _, file in crates], domain)
    units = _save_units([unit for unit, _ in crates], domain)
    with connection.cursor() as cursor:
        cursor.executemany(
            LINK_FILES,
            [
                (unit.relative_path, artifacts[unit.cksum], pk)
                for (unit, _), pk in zip(crates, units, strict=True)
            ],
        )
    return units


def save_yanks(keys: Iterable[tuple[str, str]], domain: Domain) -> list[UUID]:
    """Return the ids of the marks of these crates and versions, made where they are missing."""
    marks = []
    for name, vers in sorted(keys):
        mark, made = CrateYank.objects.get_or_create(
            canonical_name=name, vers_key=vers, _pulp_domain=domain
        )
        if not made:
            mark.touch()
        marks.append(mark.pk)
    return marks


def forget_files(crates: Crates, domain: Domain) -> None:
    """Remove the files of a commit that failed, where nobody else has taken them over."""
    with transaction.atomic():
        digests = _lock_digests(file for _, file in crates)
        kept = set(_stored(digests, domain))
        for digest in digests:
            name = Artifact(sha256=digest).storage_path("")
            if digest not in kept and domain.get_storage().exists(name):
                domain.get_storage().delete(name)


def _save_files(files: Sequence[IncomingFile], domain: Domain) -> dict[str, UUID]:
    """Move the files to the storage, and return the artifacts' ids by SHA-256."""
    digests = _lock_digests(files)
    stored = _stored(digests, domain)
    if stored:
        Artifact.objects.filter(pk__in=stored.values()).touch()
    fresh = {file.digests["sha256"]: file for file in files if file.digests["sha256"] not in stored}
    for digest, file in fresh.items():
        _remove_debris(digest, domain)
        file.restore()
    made = [
        Artifact(file=file.path, size=file.size, pulp_domain=domain, **file.digests)
        for file in fresh.values()
    ]
    _insert(Artifact, made)
    _settle_folders(made, domain)
    return stored | {artifact.sha256: artifact.pk for artifact in made}


def _lock_digests(files: Iterable[IncomingFile]) -> list[str]:
    digests = sorted({file.digests["sha256"] for file in files})
    with connection.cursor() as cursor:
        for digest in digests:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK_CLASS, digest])
    return digests


def _stored(digests: Sequence[str], domain: Domain) -> dict[str, UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sha256, pulp_id FROM core_artifact"
            " WHERE sha256 = ANY(%s) AND pulp_domain_id = %s",
            [digests, domain.pk],
        )
        return dict(cursor.fetchall())


def _remove_debris(digest: str, domain: Domain) -> None:
    """Remove a file that no artifact has: a crash may have left it short, and core would keep it."""
    name = Artifact(sha256=digest).storage_path("")
    storage = domain.get_storage()
    if storage.exists(name):
        storage.delete(name)


def _settle_folders(artifacts: Iterable[Artifact], domain: Domain) -> None:
    """Make sure that the new files' names are on the disk, where the storage is one."""
    if domain.storage_class != "pulpcore.app.models.storage.FileSystem":
        return
    for folder in {os.path.dirname(artifact.file.path) for artifact in artifacts}:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _save_units(units: Sequence[CrateContent], domain: Domain) -> list[UUID]:
    """Insert the units that the domain does not have, and return the ids of all, in order."""
    known = _known(units, domain)
    if known:
        Content.objects.filter(pk__in=known.values()).touch()
    fresh = [unit for unit in units if _key(unit) not in known]
    for unit in fresh:
        unit.pulp_domain = unit._pulp_domain = domain
        unit.pulp_type = CrateContent.get_pulp_type()
        unit.content_ptr_id = unit.pulp_id
    _insert(Content, fresh)
    _insert(CrateContent, fresh)
    known |= {_key(unit): unit.pk for unit in fresh}
    return [known[_key(unit)] for unit in units]


def _key(unit: CrateContent) -> tuple[str, str, str]:
    return unit.name, unit.vers, unit.cksum


def _known(units: Sequence[CrateContent], domain: Domain) -> dict[tuple[str, str, str], UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, vers, cksum, content_ptr_id FROM cargo_cratecontent"
            " WHERE cksum = ANY(%s) AND _pulp_domain_id = %s",
            [[unit.cksum for unit in units], domain.pk],
        )
        return {(name, vers, cksum): pk for name, vers, cksum, pk in cursor.fetchall()}


def _insert(model: type[Model], rows: Sequence[Model]) -> None:
    """Insert rows into a model's own table; Django's bulk_create refuses inherited models.

    `pre_save` fills in times, and moves an artifact's file to the storage.
    """
    fields = model._meta.local_concrete_fields
    columns = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {model._meta.db_table} ({columns}) VALUES ({marks})",
            [
                [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
                for row in rows
            ],
        )
