"""The cached index files of upstream registries."""

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_cargo.app.runtime import statements
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.packed_index import unpack
from pulp_cargo.rules.replaced_versions import version_key

INDEX_COPY = """
    SELECT gzipped, digest, is_sound, etag, last_modified, checked_at, first_seen::text, gone::text,
        replaced::text, ARRAY(
            SELECT r.vers || ' ' || r.cksum FROM cargo_replacedversion r
            WHERE r.remote_id = f.remote_id AND r.name = f.name AND r.accepted_at IS NOT NULL
        )
    FROM cargo_upstreamindexfile f WHERE remote_id = %s AND name = %s
"""


@dataclass(frozen=True, slots=True)
class IndexCopy:
    """The response of an upstream's index for a crate.

    `checked_at` is when the upstream last confirmed it. `first_seen` has times as text by `vers`,
    for versions without a `pubtime`. `gone` and `replaced` are as in the model; `accepted` has the
    keys of replaced versions whose new bytes are accepted.
    """

    name: str
    digest: str
    is_sound: bool
    etag: str | None
    last_modified: str | None
    checked_at: datetime
    first_seen: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, tuple[str, str]] = field(default_factory=dict)
    accepted: frozenset[str] = field(default=frozenset(), compare=False)

    @property
    def canonical_name(self) -> str:
        """The form of the name that is compared with others."""
        return canonical_name(self.name)

    @property
    def is_outdated(self) -> bool:
        """Whether a replaced version was accepted since the file was fetched."""
        return any(
            version_key(vers, now) in self.accepted for vers, (_, now) in self.replaced.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFileCopy(IndexCopy):
    """An index file as it was fetched."""

    gzipped: bytes
    # The bytes right after the fetch, so that those who wait for it need not unpack them again.
    unpacked: bytes | None = field(default=None, compare=False, repr=False)

    def body(self) -> bytes:
        """Return the bytes that the upstream sent."""
        return self.unpacked or unpack(self.gzipped)


@dataclass(frozen=True, slots=True)
class CrateGone(IndexCopy):
    """A 404 of the upstream, which has no such crate any more."""


def index_copy(remote: UUID, name: str) -> IndexFileCopy | CrateGone | None:
    """Return the cached response for a crate, by its lower-case name."""
    rows = statements.ask(INDEX_COPY, [remote, name]).fetch()
    if not rows:
        return None
    gzipped, digest, is_sound, etag, last_modified, checked_at, *texts, accepted = rows[0]
    first_seen, gone, replaced = map(json.loads, texts)
    values: dict[str, Any] = {
        "name": name,
        "digest": digest,
        "is_sound": is_sound,
        "etag": etag,
        "last_modified": last_modified,
        "checked_at": checked_at,
        "first_seen": first_seen,
        "gone": gone,
        "replaced": {vers: (before, now) for vers, (before, now) in replaced.items()},
        "accepted": frozenset(accepted),
    }
    return (
        CrateGone(**values) if gzipped is None else IndexFileCopy(**values, gzipped=bytes(gzipped))
    )
