"""The versions in upstreams' index files, so that downloads need not read a whole file again."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from pulp_cargo.app.queries.upstreams.index_copy import IndexFileCopy
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads
from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion, parse_index_file

Key = tuple[tuple[UUID, str], str]

# Bytes of index files whose lines are in memory: the 430 of a large project take 32 MB.
MOST_BYTES = 48 * 1024 * 1024

_known: OrderedDict[Key, tuple[str, UpstreamIndex, int]] = OrderedDict()
_size = 0


async def versions_of(remote: UpstreamRemote, copy: IndexFileCopy) -> Mapping[str, UpstreamVersion]:
    """Return the versions in a file, by `vers`."""
    return (await index_of(remote, copy)).versions


async def index_of(remote: UpstreamRemote, copy: IndexFileCopy) -> UpstreamIndex:
    """Return the versions in a file; it may lack the body."""
    key = remote.identity, copy.name
    digest, index, _ = _known.get(key, (None, None, 0))
    if index is None or digest != copy.digest:
        index = await threads.work(_parse, copy)
        remember(remote, copy.name, copy.digest, index)
    elif key in _known:
        _known.move_to_end(key)
    return index


def known(remote: UpstreamRemote, name: str) -> Mapping[str, UpstreamVersion]:
    """Return the versions that are in memory; they may be old, and lack the newest."""
    found = _known.get((remote.identity, name))
    return {} if found is None else found[1].versions


def remember(remote: UpstreamRemote, name: str, digest: str, index: UpstreamIndex) -> None:
    """Keep the versions of a file that was read."""
    global _size
    key = remote.identity, name
    if key in _known:
        _size -= _known.pop(key)[2]
    _known[key] = digest, replace(index, body=b""), len(index.body)
    _size += len(index.body)
    while _size > MOST_BYTES:
        _size -= _known.popitem(last=False)[1][2]


def forget_others(remote: UpstreamRemote, copy: IndexFileCopy) -> None:
    """Forget the versions of a file that has other bytes by now."""
    found = _known.get((remote.identity, copy.name))
    if found is not None and found[0] != copy.digest:
        _forget((remote.identity, copy.name))


def forget(remote: UUID, name: str) -> None:
    """Forget the versions of a remote's file, by its lower-case name."""
    for key in [key for key in _known if key[0][0] == remote and key[1] == name]:
        _forget(key)


def _forget(key: Key) -> None:
    global _size
    _size -= _known.pop(key)[2]


def _parse(copy: IndexFileCopy) -> UpstreamIndex:
    return parse_index_file(copy.body(), copy.name)
