"""Concurrent clients that download crates as cargo does, each on its own connection."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

from benchmarks.stack import Registry
from pulp_cargo.protocol.paths import index_path

PIECE = 65_536
# A name and a `vers`.
Wanted = tuple[str, str]


def spread(registry: Registry, wanted: Sequence[Wanted], *, clients: int) -> float:
    """Download each crate once; return the total seconds."""
    return _at_once(registry, [wanted[i::clients] for i in range(clients)])


def same(registry: Registry, wanted: Wanted, *, clients: int) -> float:
    """Download the same crate with all clients at once; return the total seconds."""
    return _at_once(registry, [[wanted]] * clients)


def _at_once(registry: Registry, shares: Sequence[Sequence[Wanted]]) -> float:
    gate = threading.Barrier(len(shares))
    with ThreadPoolExecutor(len(shares)) as pool:
        start = time.perf_counter()
        for done in [pool.submit(_client, gate, registry, share) for share in shares]:
            done.result()
        return time.perf_counter() - start


def _client(gate: threading.Barrier, registry: Registry, share: Sequence[Wanted]) -> None:
    with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
        connection.connect()
        gate.wait()
        for name, vers in share:
            _read(connection, registry.path + index_path(name))
            _read(connection, f"{registry.path}api/v1/crates/{name}/{vers}/download")


def _read(connection: HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    response = connection.getresponse()
    head = response.read(PIECE)
    while response.read(PIECE):
        pass
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status} {head[:300]!r}")
