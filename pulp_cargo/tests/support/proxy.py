"""An HTTP proxy that counts what it forwards, and refuses encrypted connections.

Cargo uses it for registries on this machine; crates.io, which would need CONNECT, is
unreachable.
"""

import http.client
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from pulp_cargo.tests.support.serving import serving

# Headers of a connection, not of a request (RFC 9110, 7.6.1).
HOP_BY_HOP = {
    "connection", "upgrade", "http2-settings", "proxy-connection", "keep-alive", "transfer-encoding",
}  # fmt: skip


@dataclass(slots=True)
class Proxy:
    """The address of the proxy, and all forwarded responses: path and status.

    It adds headers to requests, like a proxy that authenticates its users.
    """

    url: str
    adds: Mapping[str, str] = field(default_factory=dict)
    seen: list[tuple[str, int]] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which cargo uses it for everything."""
        return {"CARGO_HTTP_PROXY": self.url, "NO_PROXY": "", "CARGO_NET_RETRY": "0"}

    def take(self) -> Counter[int]:
        """Return the number of responses by status since the last call."""
        counted = Counter(status for _, status in self.seen)
        self.seen.clear()
        return counted


@contextmanager
def counting_proxy(adds: Mapping[str, str] | None = None) -> Iterator[Proxy]:
    """Run a proxy within the context."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.proxy.adds = adds or {}
    with serving(server):
        yield server.proxy


class _Server(ThreadingHTTPServer):
    """Has the counters of its handlers."""

    def server_activate(self) -> None:
        super().server_activate()
        self.proxy = Proxy(f"http://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    """Forwards GET only."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(parts.netloc, timeout=60)
        headers |= self.server.proxy.adds
        connection.request("GET", parts.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.server.proxy.seen.append((parts.path, answer.status))
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self) -> None:
        self.send_error(403, "nothing goes out from here")

    def log_message(self, *args: object) -> None:
        """Print nothing."""
