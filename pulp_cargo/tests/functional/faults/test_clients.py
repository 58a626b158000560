"""Clients that send half of what they announced."""

import random
import socket
import time
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import unfinished_uploads

pytestmark = pytest.mark.faults


@pytest.fixture
def body(registry: Registry, name: str) -> bytes:
    """A publish of some megabytes."""
    crate = Crate(name, files={"noise": random.randbytes(4_000_000)})
    return crate.body(registry.index_url)


@pytest.mark.parametrize("ending", ["close", "half-close", "reset"])
def test_body_cut_off_half_way(
    stack: Stack, registry: Registry, nothing: NothingStored, name: str, body: bytes, ending: str
):
    """Nothing is left behind, and whoever still listens is not told of a success [68]."""
    before = unfinished_uploads(stack)
    with nothing(registry, name):
        with _sending(registry, len(body)) as client:
            client.sendall(body[: len(body) // 2])
            assert launcher.wait_for(lambda: unfinished_uploads(stack) > before)
            if ending == "half-close":
                client.shutdown(socket.SHUT_WR)
                assert b" 200 " not in client.recv(4096)
            if ending == "reset":
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        assert launcher.wait_for(lambda: unfinished_uploads(stack) <= before)


def test_client_that_leaves_before_the_answer(
    stack: Stack, registry: Registry, name: str, body: bytes
):
    """The publish is whole or not at all, and no file of it lies about [68]."""
    before = unfinished_uploads(stack)
    for _ in range(5):
        with _sending(registry, len(body)) as client:
            client.sendall(body)
    assert launcher.wait_for(lambda: unfinished_uploads(stack) <= before)
    time.sleep(0.5)
    entries = registry.index(name)
    assert len(entries) <= 1
    assert registry.download(name).status == (200 if entries else 404)


def test_many_clients_that_go_away_do_no_harm(
    stack: Stack, registry: Registry, name: str, body: bytes
):
    """A hundred broken uploads leave neither files nor a registry that is out of breath [68]."""
    before = unfinished_uploads(stack)
    clients = [_sending(registry, len(body)) for _ in range(100)]
    for client in clients:
        client.sendall(body[:100_000])
    for client in clients:
        client.close()
    registry.publish(Crate(name))
    assert launcher.wait_for(lambda: unfinished_uploads(stack) <= before)


def _sending(registry: Registry, length: int) -> socket.socket:
    parts = urlsplit(registry.url)
    client = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=20)
    client.sendall(
        f"PUT {parts.path}api/v1/crates/new HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: {registry.token}\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    return client
