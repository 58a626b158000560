"""The index files of upstream registries that are kept here."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.packed_index import unpack

KEPT = """
    SELECT gzipped, digest, is_sound, etag, last_modified, checked_at, first_seen::text
    FROM cargo_upstreamindexfile WHERE remote_id = %s AND name = %s
"""


@dataclass(frozen=True, slots=True)
class IndexCopy:
    """An upstream's index file as it was fetched; `gzipped` is None for a crate that is gone.

    `checked_at` is when the upstream last said that it is so. `first_seen` has times as text by
    `vers`, for versions without a `pubtime`.
    """

    name: str
    gzipped: bytes | None
    digest: str
    is_sound: bool
    etag: str | None
    last_modified: str | None
    checked_at: datetime
    first_seen: dict[str, str] = field(default_factory=dict)
    # The file's bytes while they are at hand: whoever waits for it need not unpack them again.
    unpacked: bytes | None = field(default=None, compare=False, repr=False)

    @property
    def canonical_name(self) -> str:
        """The name as it is compared with others."""
        return canonical_name(self.name)

    def body(self) -> bytes:
        """Return the file's bytes, those that the upstream sent."""
        assert self.gzipped is not None, "a crate that is gone has no index file"
        return self.unpacked or unpack(self.gzipped)


def index_copy(remote: UUID, name: str) -> IndexCopy | None:
    """Return what is kept of a crate's index file, by its lower-case name."""
    with connection.cursor() as cursor:
        cursor.execute(KEPT, [remote, name])
        row = cursor.fetchone()
    if row is None:
        return None
    gzipped, digest, is_sound, etag, last_modified, checked_at, first_seen = row
    return IndexCopy(
        name=name,
        gzipped=None if gzipped is None else bytes(gzipped),
        digest=digest,
        is_sound=is_sound,
        etag=etag,
        last_modified=last_modified,
        checked_at=checked_at,
        first_seen=json.loads(first_seen),
    )
