"""A version of another registry's crate, as crates.io's web API can describe it from its index line.

The line was written elsewhere, so defaults are filled in (Cargo Book, Registry Index, "JSON
schema"), and a line that cargo would skip is no version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from pulp_cargo.protocol.upstream_index import UpstreamVersion


class _Dependency(msgspec.Struct, gc=False):
    name: str
    req: str
    features: list[str] = []
    optional: bool = False
    default_features: bool = True
    target: str | None = None
    kind: str | None = None
    package: str | None = None


class _Line(msgspec.Struct, gc=False):
    name: str
    deps: list[_Dependency]
    features: dict[str, list[str]] = {}
    features2: dict[str, list[str]] | None = None
    links: str | None = None
    rust_version: str | None = None


_DECODER = msgspec.json.Decoder(_Line)


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """What an index line tells about a version; `index_line` has all keys that describe it."""

    name: str
    vers: str
    cksum: str
    yanked: bool
    published: datetime
    index_line: str
    links: str | None
    rust_version: str | None


def describe(
    versions: Mapping[str, UpstreamVersion], first_seen: Mapping[str, str], otherwise: datetime
) -> list[ListedVersion]:
    """Return the versions of an index file that cargo would see, in the order of the file.

    A version without a `pubtime` is as old as its entry in `first_seen`, or else `otherwise`.
    """
    found = (_describe(one, first_seen.get(vers), otherwise) for vers, one in versions.items())
    return [one for one in found if one is not None]


def _describe(
    version: UpstreamVersion, first_seen: str | None, otherwise: datetime
) -> ListedVersion | None:
    try:
        line = _DECODER.decode(version.line)
    except (msgspec.MsgspecError, RecursionError):
        return None
    time = version.pubtime or first_seen
    return ListedVersion(
        name=line.name,
        vers=version.vers,
        cksum=version.cksum,
        yanked=version.yanked,
        published=datetime.fromisoformat(time) if time else otherwise,
        index_line=msgspec.json.encode(line).decode(),
        links=line.links,
        rust_version=line.rust_version,
    )
