"""Which ports are taken, and that a free choice is kept."""

import json
import socket
from pathlib import Path

import pytest

from pulp_cargo.serve.errors import ServeError
from pulp_cargo.serve.ports import FREE_PORTS, Listener, listening


def test_free_choice_is_kept(tmp_path: Path):
    """The registry's URL stands in people's cargo configuration."""
    memory = tmp_path / "ports.json"
    with listening(memory, bind="127.0.0.1", content_port=0, api_port=0) as first:
        ports = (first.content.port, first.api.port)
        assert all(port in FREE_PORTS for port in ports)
    with listening(memory, bind="127.0.0.1", content_port=0, api_port=0) as second:
        assert (second.content.port, second.api.port) == ports


def test_given_port_does_not_replace_the_kept_one(tmp_path: Path):
    """A port for once is not remembered."""
    memory = tmp_path / "ports.json"
    memory.write_text(json.dumps({"content": 20001, "api": 20002}))
    with (
        socket.create_server(("127.0.0.1", 0)) as one,
        socket.create_server(("127.0.0.1", 0)) as other,
    ):
        content, api = one.getsockname()[1], other.getsockname()[1]
    with listening(memory, bind="127.0.0.1", content_port=content, api_port=api) as listeners:
        assert (listeners.content.port, listeners.api.port) == (content, api)
    assert json.loads(memory.read_text()) == {"content": 20001, "api": 20002}


def test_taken_port_is_named_with_its_option(tmp_path: Path):
    """And what is already open is closed again."""
    memory = tmp_path / "ports.json"
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        with (
            pytest.raises(
                ServeError, match=f"port {taken} on 127.0.0.1 is already in use.*--api-port"
            ),
            listening(memory, bind="127.0.0.1", content_port=0, api_port=taken),
        ):
            pass
    assert not memory.exists()


@pytest.mark.parametrize(
    ("bound_to", "origin"),
    [
        ("127.0.0.1", "http://127.0.0.1:{port}"),
        ("0.0.0.0", "http://127.0.0.1:{port}"),
        ("::", "http://[::1]:{port}"),
        ("localhost", "http://localhost:{port}"),
    ],
)
def test_origin_is_how_this_machine_gets_there(bound_to: str, origin: str):
    """Nobody can connect to "all addresses"."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert Listener(listener, bound_to).origin == origin.format(port=port)
