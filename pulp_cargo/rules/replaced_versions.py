"""Versions whose bytes an upstream has replaced: the same number with another checksum.

A version must never change (Cargo Book, "Publishing"), so its first line is served, and lock files
with its checksum keep working, until an administrator accepts the new one. Versions that disappear
from an index are remembered, so that one that comes back with other bytes is detected.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion

# Maximum bytes of remembered lines of a crate's disappeared versions.
MOST_GONE = 1024 * 1024
# Maximum number of records per crate: an upstream might replace bytes with every answer.
MOST_RECORDS = 1_000


def version_key(vers: str, cksum: str) -> str:
    """Return a key for the bytes of a version, not only for its number.

    >>> version_key("1.0.0", "ab")
    '1.0.0 ab'
    """
    return f"{vers} {cksum}"


def replaced_sentence(vers: str, cksum_before: str, cksum: str) -> str:
    """Return a message about a replaced version.

    >>> replaced_sentence("1.0.0", "ab", "cd")
    '`1.0.0` is served unchanged, with the checksum ab, until its new bytes, cd, are accepted'
    """
    return (
        f"`{vers}` is served unchanged, with the checksum {cksum_before}, until its new bytes,"
        f" {cksum}, are accepted"
    )


@dataclass(frozen=True, slots=True)
class Replaced:
    """The lines that replace the upstream's, and the old and new checksums, by `vers`."""

    lines: Mapping[str, str]
    cksums: Mapping[str, tuple[str, str]]


def replaced_in(
    found: UpstreamIndex, before: Mapping[str, UpstreamVersion], accepted: Collection[str]
) -> Replaced:
    """Return the versions in an index file whose bytes differ from `before`.

    `accepted` has the keys of accepted replacements.
    """
    lines: dict[str, str] = {}
    cksums: dict[str, tuple[str, str]] = {}
    for vers, old in before.items():
        new = found.versions.get(vers)
        if new is None or new.cksum == old.cksum or version_key(vers, new.cksum) in accepted:
            continue
        lines[vers] = _yanked(old.line) if new.yanked and not old.yanked else old.line
        cksums[vers] = (old.cksum, new.cksum)
    return Replaced(lines, cksums)


def gone_from(found: UpstreamIndex | None, before: Mapping[str, UpstreamVersion]) -> dict[str, str]:
    """Return the lines of versions that disappeared from an index file; None means no file."""
    there: Collection[str] = found.versions if found else ()
    gone: dict[str, str] = {}
    size = 0
    for vers, old in before.items():
        if vers not in there:
            # Lines remembered earlier come first, so that an upstream cannot evict them.
            size += len(old.line)
            if size > MOST_GONE:
                break
            gone[vers] = old.line
    return gone


def _yanked(line: str) -> str:
    return json.dumps(json.loads(line) | {"yanked": True}, separators=(",", ":"))
