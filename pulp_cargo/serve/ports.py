"""The two ports: chosen, remembered, and listened on before any child runs.

The launcher owns the listening sockets and the servers inherit them. So a port in use is
detected at once, and while a crashed server restarts, its clients wait instead of being refused.
"""

import errno
import json
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pulp_cargo.serve.errors import ServeError

# Below the ports that kernels use for outgoing connections, one of which could occupy a remembered
# port.
FREE_PORTS = range(20_000, 30_000)


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket, and its address."""

    socket: socket.socket
    bound_to: str

    @property
    def port(self) -> int:
        """The bound port."""
        return int(self.socket.getsockname()[1])

    @property
    def host(self) -> str:
        """The host to connect to: loopback if all addresses are bound."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.bound_to, self.bound_to)

    @property
    def origin(self) -> str:
        """The URL of the listener, without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Listeners:
    """The listeners for cargo and for the REST API."""

    content: Listener
    api: Listener


@contextmanager
def listening(memory: Path, *, bind: str, content_port: int, api_port: int) -> Iterator[Listeners]:
    """Listen on both ports within the context; 0 means the same port as last time."""
    remembered = json.loads(memory.read_text()) if memory.exists() else {}
    content = _listen(bind, content_port or remembered.get("content", 0), "--content-port")
    with content.socket:
        api = _listen(bind, api_port or remembered.get("api", 0), "--api-port")
        with api.socket:
            picked = {} if content_port else {"content": content.port}
            picked |= {} if api_port else {"api": api.port}
            memory.write_text(json.dumps({**remembered, **picked}))
            yield Listeners(content, api)


def _listen(host: str, port: int, option: str) -> Listener:
    if port:
        return _listen_on(host, port, option)
    for candidate in random.sample(FREE_PORTS, 50):
        try:
            return _listen_on(host, candidate, option)
        except ServeError:
            continue
    return _listen_on(host, 0, option)


def _listen_on(host: str, port: int, option: str) -> Listener:
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise ServeError(f"--bind {host}: {error.strerror}") from error
    listening = socket.socket(family, kind)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(2048)
    except OSError as error:
        listening.close()
        raise ServeError(_reason(error, host, port, option)) from error
    return Listener(listening, host)


def _reason(error: OSError, host: str, port: int, option: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is already in use; choose another one with {option}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"--bind {host}: this machine has no such address"
    return f"cannot listen on port {port} of {host} ({option}): {error.strerror}"
