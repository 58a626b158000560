"""Making the snapshot of a repository version, which is stored and signed once."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from pulp_glue.cargo.snapshot import (
    HEAD,
    MOST_SIGNATURE,
    Entry,
    Head,
    MerkleTree,
    leaf_of,
    render_entry,
    render_head,
)

from pulpcore.plugin.models import RepositoryVersion, SigningService
from pulpcore.plugin.util import get_domain

from pulp_cargo.app.models import CargoRepository, RepositorySnapshot
from pulp_cargo.app.queries.repository import snapshot as queries
from pulp_cargo.app.runtime.free_space import FreeSpace
from pulp_cargo.app.services.crates import artifacts, object_storage
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.protocol.errors import BadRequest

# Maximum number of snapshots of a repository, without those of labelled versions: readers cause one
# for each version that they find newest, and each takes up to 200 bytes per crate version.
MOST_SNAPSHOTS = 20
# Bytes that are collected before they are written.
CHUNK_BYTES = 256 * 1024


class CannotSign(BadRequest):
    """A signing service has failed."""


def make(
    disk: FreeSpace, repository: CargoRepository, version: RepositoryVersion
) -> RepositorySnapshot:
    """Return the snapshot of a repository version, signed by the repository's signing service.

    One that exists is only signed, if another service signs now. Call it in the working directory of
    a task. Raises CannotSign and StorageFull.
    """
    service = repository.signing_service
    signer = service.pubkey_fingerprint if service else ""
    found = RepositorySnapshot.objects.filter(version=version).first()
    if found is not None and found.signer == signer:
        return found
    if found is None:
        found = _written(disk, repository, version)
    found.signature, found.signer = _signed(service, found.head), signer
    found.save()
    _remove_old(repository, found)
    return found


def _remove_old(repository: CargoRepository, made: RepositorySnapshot) -> None:
    """Delete the oldest snapshots beyond the maximum, except for those of versions with a label."""
    others = RepositorySnapshot.objects.filter(
        version__repository=repository, version__cargo_labels__isnull=True
    ).exclude(pk=made.pk)
    for old in others.select_related("artifact").order_by("-version__number")[MOST_SNAPSHOTS - 1 :]:
        old.delete()
        # Another version with the same crates has the same lines.
        with suppress(ProtectedError):
            old.artifact.delete()


def _written(
    disk: FreeSpace, repository: CargoRepository, version: RepositoryVersion
) -> RepositorySnapshot:
    """Return an unsaved snapshot whose lines are stored."""
    disk.require_room()
    tree, file = MerkleTree(), IncomingFile(".")
    for chunk in _chunks(queries.entries(repository.pk, version.number), tree):
        file.write(chunk)
    head = Head(
        domain=_text(repository.pulp_domain.name),
        repository=_text(repository.name),
        version=version.number,
        created=version.pulp_created.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        count=tree.count,
        root=tree.root(),
    )
    file.settle()
    domain = get_domain()
    object_storage.upload_all([file], domain)
    with artifacts.forgotten_after_errors([file], domain), transaction.atomic():
        stored = artifacts.save_files([file], domain)
    return RepositorySnapshot(
        version=version, artifact_id=stored[file.cksum], head=render_head(head).decode()
    )


def _chunks(entries: Iterator[Entry], tree: MerkleTree) -> Iterator[bytes]:
    """Yield the lines of crate versions in large chunks, and add them to the tree."""
    chunk = bytearray()
    for entry in entries:
        line = render_entry(entry)
        tree.add(leaf_of(line))
        chunk += line
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            chunk.clear()
    yield bytes(chunk)


def _signed(service: SigningService | None, head: str) -> str:
    """Return the detached signature of a head, empty without a service; raises CannotSign."""
    if service is None:
        return ""
    # Services get the name of a file in the working directory.
    Path(HEAD).write_text(head)
    try:
        signed: dict[str, Any] = service.sign(HEAD)
        with Path(signed["signature"]).open("rb") as file:
            signature = file.read(MOST_SIGNATURE + 1).decode()
    except (RuntimeError, OSError, LookupError, TypeError, ValueError) as error:
        raise CannotSign(
            f"the signing service `{service.name}` failed, so check its script: {error}"
        ) from error
    if len(signature) > MOST_SIGNATURE:
        raise CannotSign(f"the signature of `{service.name}` has more than {MOST_SIGNATURE} bytes")
    return signature


def _text(name: str) -> str:
    """Return a name with a question mark for each character that a head may not have."""
    return "".join(one if one.isprintable() else "?" for one in name)
