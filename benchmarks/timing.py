"""The duration of one request, and fresh processes to request something of for the first time."""

import time
from contextlib import closing
from http.client import HTTPConnection

from benchmarks.stack import Registry, Stack

# Long enough for the new process to connect its listener.
SETTLING_SECONDS = 1.0


def timed_get(connection: HTTPConnection, registry: Registry, path: str) -> float:
    """Return the seconds of a read of a path of a registry."""
    start = time.perf_counter()
    connection.request("GET", registry.path + path)
    response = connection.getresponse()
    body = response.read()
    took = time.perf_counter() - start
    if response.status != 200:
        raise SystemExit(f"{registry.path}{path}: {response.status} {body[:300]!r}")
    return took


def restart(stack: Stack, registry: Registry) -> None:
    """Kill the content process and wait for the next one."""
    old = stack.content_workers()
    stack.crash_content_workers()
    while not (set(stack.content_workers()) - set(old)):
        time.sleep(0.02)
    # Not a registry's path: the response shows that the process runs, and does not warm our caches.
    with closing(HTTPConnection(*registry.address, timeout=60)) as connection:
        connection.request("GET", "/nothing-of-ours")
        connection.getresponse().read()
    time.sleep(SETTLING_SECONDS)
