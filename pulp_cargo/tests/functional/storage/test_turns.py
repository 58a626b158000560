"""Large files that are passed on take turns, so that a burst of them does not fill the memory."""

import random
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from pulp_cargo.tests.functional.storage.conftest import Domain, must_have
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry

# More than the kernel takes off the content app's hands.
SIZE = 12 * 1024 * 1024
PROCESSES, AT_ONCE = 2, 16


@contextmanager
def slow_download(registry: Registry, name: str) -> Iterator[socket.socket]:
    """Ask for version 1.0.0, and read hardly any of it."""
    url = urlsplit(f"{registry.url}api/v1/crates/{name}/1.0.0/download")
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(60)
        client.connect((url.hostname, url.port))
        client.sendall(f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        yield client


def test_large_files_take_turns(passed: Domain, name: str):
    """Who waits too long for one is told to come again; cargo does. Nobody else waits."""
    registry = passed.make_registry()
    crate = Crate(name, files={"noise": random.randbytes(SIZE)})
    registry.publish(crate)
    with ExitStack() as stack:
        clients = [stack.enter_context(slow_download(registry, name)) for _ in range(40)]
        answers = [client.recv(1024) for client in clients]
        served = [answer for answer in answers if answer.startswith(b"HTTP/1.1 200 ")]
        refused = [answer for answer in answers if answer.startswith(b"HTTP/1.1 503 ")]
        assert len(served) + len(refused) == 40
        assert AT_ONCE <= len(served) <= PROCESSES * AT_ONCE
        assert all(b"\r\nRetry-After: 5\r\n" in answer for answer in refused)
        assert registry.index(name)
    must_have(registry, crate)
