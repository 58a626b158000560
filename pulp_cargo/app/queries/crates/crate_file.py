"""The .crate file of one version of a crate."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pulpcore.plugin.models import Domain

from pulp_cargo.app.models.core import FILE_SYSTEM
from pulp_cargo.app.models.membership import has_row, is_in_newest
from pulp_cargo.app.queries.repository.membership import (
    IS_MEMBER,
    SERVED,
    ServedVersion,
    rows_of,
)
from pulp_cargo.app.queries.upstreams.stores import STORES_OF_REMOTE
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.runtime import statements, stored_file
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.unavailable import ServiceUnavailable

CRATE_FILE = f"""
    WITH {SERVED}, found AS (
        SELECT unit.cksum, a.file, a.size, ca.pulp_id AS content_artifact
        FROM served CROSS JOIN cargo_cratecontent unit {IS_MEMBER}
        JOIN core_contentartifact ca ON ca.content_id = unit.content_ptr_id
        LEFT JOIN core_artifact a ON a.pulp_id = ca.artifact_id
        WHERE unit.canonical_name = %(canonical)s AND unit.name = %(name)s AND unit.vers = %(vers)s
    )
    SELECT found.cksum, found.file, found.size, found.content_artifact
    FROM served LEFT JOIN found ON true
"""
# A file with this checksum that came through the same remote, for any cache; and whether it is in
# the newest version of the repository. The remote must be the same, because an upstream may list
# the checksum of a private crate, which must not be served for it. A unit of another cache is used
# only if its metadata were read from the file, and its time is that of the remote.
IS_SHARED = """(
    unit.metadata_source = '' AND unit.time_source IN ('', {remote}::text)
)"""
CAME_THROUGH_REMOTE = has_row(
    "unit.content_ptr_id",
    f"""(rc.repository_id = %(repository)s OR {IS_SHARED.format(remote="%(remote)s")}
        AND rc.repository_id IN ({STORES_OF_REMOTE.format(remote="%(remote)s")}))""",
)
IS_IN_REPOSITORY = has_row("unit.content_ptr_id", is_in_newest("%(repository)s"))
CACHED_FILE = f"""
    SELECT unit.cksum, a.file, a.size, unit.content_ptr_id, unit.license, {IS_IN_REPOSITORY}
    FROM cargo_cratecontent unit
    JOIN core_contentartifact ca ON ca.content_id = unit.content_ptr_id
    JOIN core_artifact a ON a.pulp_id = ca.artifact_id
    WHERE unit.canonical_name = %(canonical)s AND unit.name = %(name)s AND unit.vers = %(vers)s
    AND unit.cksum = %(cksum)s AND unit._pulp_domain_id = %(domain)s
    AND {CAME_THROUGH_REMOTE}
    ORDER BY unit.metadata_source, {IS_IN_REPOSITORY} DESC LIMIT 1
"""
# A version whose bytes the upstream has replaced, and whose new bytes are not accepted.
REPLACED = """
    SELECT replaced -> %(vers)s::text ->> 1 FROM cargo_upstreamindexfile
    WHERE remote_id = %(remote)s AND name = %(name)s
    AND replaced -> %(vers)s::text ->> 0 = %(cksum)s
"""
# Maximum size of a file that is read as a whole; a larger one is streamed.
SMALL = 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where the bytes of a .crate file are: a name in the domain's storage, and their size.

    `path` is None unless the storage is a file system, `content` unless the file is small, too.
    """

    cksum: str
    storage_name: str
    size: int
    path: str | None
    content: bytes | None


@dataclass(frozen=True, slots=True)
class OnDemandFile:
    """A .crate file that is not stored here, only at the upstream registry."""

    cksum: str
    content_artifact: UUID


@dataclass(frozen=True, slots=True)
class CachedFile:
    """A file that a cache has stored; `is_member` is whether its repository contains it now."""

    file: StoredFile
    unit: UUID
    license: str | None
    is_member: bool


@dataclass(frozen=True, slots=True)
class CachedVersion:
    """What a cache has of a listed version.

    `replaced_by` is the checksum that the upstream has instead by now, if the file is not stored.
    """

    file: CachedFile | None
    is_damaged: bool = False
    replaced_by: str | None = None


def cached_file(
    upstream: RemoteUpstream, domain: Domain, name: str, vers: str, cksum: str
) -> CachedFile | None:
    """Return a file with a checksum that came through a remote.

    Raises ServiceUnavailable if the storage has lost or corrupted it.
    """
    values = {
        "repository": upstream.repository,
        "domain": domain.pk,
        "remote": upstream.remote.pk,
        "canonical": canonical_name(name),
        "name": name,
        "vers": vers,
        "cksum": cksum,
    }
    rows = statements.ask(CACHED_FILE, values).fetch()
    if not rows:
        return None
    cksum, storage_name, size, unit, license, is_member = rows[0]
    file = _stored(domain, cksum, storage_name, size, what=f"{name} {vers}")
    return CachedFile(file, unit, license, is_member)


def cached_version(
    upstream: RemoteUpstream, domain: Domain, name: str, vers: str, cksum: str, *, in_row: bool
) -> CachedVersion:
    """Return what a cache has of a listed version.

    With `in_row`, the row of the index file tells whether the upstream has replaced a file that is
    not stored.
    """
    try:
        file, is_damaged = cached_file(upstream, domain, name, vers, cksum), False
    except ServiceUnavailable:
        # The storage lost or corrupted the file; the upstream may still have it.
        file, is_damaged = None, True
    if file is not None or not in_row:
        return CachedVersion(file, is_damaged)
    values = {"remote": upstream.remote.pk, "name": name.lower(), "vers": vers, "cksum": cksum}
    rows = statements.ask(REPLACED, values).fetch()
    return CachedVersion(None, is_damaged, rows[0][0] if rows else None)


def crate_file(
    served: ServedVersion, domain: Domain, name: str, vers: str
) -> StoredFile | OnDemandFile | None:
    """Return the file of exactly this spelling and version, with its build metadata, or None.

    Raises ServiceUnavailable if the storage has lost or corrupted it.
    """
    rows = rows_of(served, CRATE_FILE, canonical=canonical_name(name), name=name, vers=vers)
    if not rows or rows[0][0] is None:
        return None
    cksum, storage_name, size, content_artifact = rows[0]
    if storage_name is None:
        return OnDemandFile(cksum, content_artifact)
    return _stored(domain, cksum, storage_name, size, what=f"{name} {vers}")


def _stored(domain: Domain, cksum: str, storage_name: str, size: int, *, what: str) -> StoredFile:
    if domain.storage_class != FILE_SYSTEM:
        return StoredFile(cksum, storage_name, size, None, None)
    path = Path(domain.get_storage().path(storage_name))
    return StoredFile(cksum, storage_name, size, str(path), _read(path, cksum, size, what=what))


def _read(path: Path, cksum: str, size: int, *, what: str) -> bytes | None:
    """Return the bytes of a small file; they are cached, so they are verified only once."""
    try:
        return stored_file.read_sound(path, size=size, sha256=cksum, most=SMALL)
    except stored_file.Missing as error:
        raise _unusable(what, "missing") from error
    except stored_file.Damaged as error:
        raise _unusable(what, "damaged") from error


def _unusable(what: str, how: str) -> ServiceUnavailable:
    return ServiceUnavailable(
        f"the file of `{what}` is {how} in the registry's storage; an administrator"
        " can repair the repository version"
    )
