"""Clients that publish, one after the other or concurrently, each on its own connection."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection
from queue import Empty, SimpleQueue

from benchmarks.crates import Crate
from benchmarks.stack import Registry


class Refused(Exception):
    """A publish was refused that should have succeeded."""


def one_by_one(registry: Registry, crates: Iterable[Crate]) -> list[float]:
    """Publish crates one after the other; return the seconds of each."""
    with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
        return [_put(connection, registry, crate.body(registry.index_url)) for crate in crates]


def at_once(
    registry: Registry, crates: Iterable[Crate], *, clients: int
) -> tuple[float, list[float]]:
    """Publish with many clients; return the total seconds, and those of each."""
    bodies = [crate.body(registry.index_url) for crate in crates]
    queue: SimpleQueue[bytes] = SimpleQueue()
    for body in bodies:
        queue.put(body)
    with ThreadPoolExecutor(clients) as pool:
        start = time.perf_counter()
        took = [pool.submit(_publish_from, queue, registry) for _ in range(clients)]
        each = [seconds for client in took for seconds in client.result()]
        return time.perf_counter() - start, each


def count_published(registry: Registry, paths: Sequence[str]) -> int:
    """Return how many versions the index files at these paths have together."""
    with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
        return sum(_lines(connection, registry.path + path) for path in paths)


def _lines(connection: HTTPConnection, path: str) -> int:
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read()
    return body.count(b"\n") if response.status == 200 else 0


def _publish_from(queue: SimpleQueue[bytes], registry: Registry) -> list[float]:
    took = []
    with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
        while True:
            try:
                took.append(_put(connection, registry, queue.get_nowait()))
            except Empty:
                return took


def _put(connection: HTTPConnection, registry: Registry, body: bytes) -> float:
    start = time.perf_counter()
    connection.request(
        "PUT",
        f"{registry.path}api/v1/crates/new",
        body,
        {"Authorization": registry.token, "Accept": "application/json"},
    )
    response = connection.getresponse()
    answer = response.read()
    took = time.perf_counter() - start
    if response.status != 200:
        raise Refused(f"{response.status}: {answer[:500].decode(errors='replace')}")
    return took
