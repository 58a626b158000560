"""Versions whose bytes an upstream has replaced: the same number with another checksum.

A version never changes (Cargo Book, "Publishing"), so the line that was there first stays, and with
it every lock file that names its checksum, until an administrator accepts the new one. What has gone
from an index is remembered for the same reason: a number that comes back is no new one.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion

# Bytes of lines that are remembered of a crate's versions that have gone.
MOST_GONE = 1024 * 1024


def version_key(vers: str, cksum: str) -> str:
    """Return what names the bytes of a version, and not only its number.

    >>> version_key("1.0.0", "ab")
    '1.0.0 ab'
    """
    return f"{vers} {cksum}"


def replaced_sentence(vers: str, cksum_before: str, cksum: str) -> str:
    """Return what becomes of a version that was replaced, for people.

    >>> replaced_sentence("1.0.0", "ab", "cd")
    '`1.0.0` is held as it was, with the checksum ab, until its new bytes, cd, are accepted'
    """
    return (
        f"`{vers}` is held as it was, with the checksum {cksum_before}, until its new bytes,"
        f" {cksum}, are accepted"
    )


@dataclass(frozen=True, slots=True)
class Replaced:
    """The lines that stay instead of the upstream's, and the checksums before and now by `vers`."""

    lines: Mapping[str, str]
    cksums: Mapping[str, tuple[str, str]]


def replaced_in(
    found: UpstreamIndex, before: Mapping[str, UpstreamVersion], accepted: Collection[str]
) -> Replaced:
    """Return the versions in an index file with other bytes than `before`.

    `accepted` has the keys of those that may have them.
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
    """Return the lines of the versions that an index file has no more; None for no file at all."""
    there: Collection[str] = found.versions if found else ()
    gone: dict[str, str] = {}
    size = 0
    for vers, old in before.items():
        if vers not in there:
            # Those that are remembered already come first: an upstream cannot flush them out.
            size += len(old.line)
            if size > MOST_GONE:
                break
            gone[vers] = old.line
    return gone


def _yanked(line: str) -> str:
    return json.dumps(json.loads(line) | {"yanked": True}, separators=(",", ":"))
