"""A Pulp behind a proxy: its API and its registries at one origin."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from pulp_cargo.tests.support.proxy import HOP_BY_HOP
from pulp_cargo.tests.support.serving import serving


@contextmanager
def one_origin(ready: dict[str, Any]) -> Iterator[str]:
    """Proxy all reads of a running stack at one origin, which is returned."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.api_url, server.content_url = ready["api_url"], ready["content_url"]
    with serving(server):
        yield server.origin


class _Server(ThreadingHTTPServer):
    """Has the addresses of the servers behind it."""

    api_url: str
    content_url: str

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    """Forwards GET; URLs of registries in the API are replaced by this origin."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        server = self.server
        is_content = self.path.startswith("/pulp/cargo/")
        behind = urlsplit(server.content_url if is_content else server.api_url).netloc
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        connection = http.client.HTTPConnection(behind, timeout=60)
        connection.request("GET", self.path, headers=headers | {"Accept-Encoding": "identity"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if not is_content:
            body = body.replace(server.content_url.encode(), server.origin.encode())
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP | {"content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""
