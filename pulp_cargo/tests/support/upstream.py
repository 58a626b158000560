"""An upstream registry with bytes defined by a test, and a log of its requests."""

import base64
import json
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.serving import serving

ROOT = "/pulp/cargo/up/"
LISTING = f"{ROOT}versions.jsonl"
PUBTIME = "2026-01-02T03:04:05Z"


@dataclass(slots=True)
class Upstream:
    """The content by path; `says` are headers of every response."""

    origin: str
    bodies: dict[str, bytes] = field(default_factory=dict)
    says: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    # Paths whose responses end after half of their announced length.
    broken: set[str] = field(default_factory=set)
    # Statuses other than 200 or 404.
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def index_url(self) -> str:
        """The registry's URL for cargo."""
        return f"sparse+{self.origin}{ROOT}"

    def have(self, *crates: Crate, **changes: Any) -> None:
        """List these crate versions with their files; `changes` apply to each line."""
        lines = [line_of(crate) | changes for crate in crates]
        self.serve(lines)
        for crate in crates:
            self.bodies[file_path(crate)] = crate.packed()

    def serve(
        self,
        lines: list[dict[str, Any]],
        *,
        urls: Sequence[str] = (),
        count: int | None = None,
        end: int | None = None,
    ) -> None:
        """List these lines, with these URLs in the head; its count and the end mark can be overridden."""
        there = len(lines)
        head = {
            "listing": 1,
            "urls": [self.index_url, *urls],
            "count": there if count is None else count,
        }
        mark = {"end": there if end is None else end}
        self.bodies[LISTING] = b"".join(
            json.dumps(line).encode() + b"\n" for line in [head, *lines, mark]
        )

    def downloads(self) -> list[str]:
        """Return the paths of the files that were asked for."""
        return [path for path, _ in self.asked if path.endswith("/download")]


def line_of(crate: Crate) -> dict[str, Any]:
    """Return the line of a crate without dependencies in a listing."""
    entry = {
        "name": crate.name,
        "vers": crate.vers,
        "deps": [],
        "cksum": crate.cksum(),
        "features": {},
        "yanked": False,
        "pubtime": PUBTIME,
    }
    return {
        "name": crate.name,
        "vers": crate.vers,
        "cksum": crate.cksum(),
        "size": len(crate.packed()),
        "yanked": False,
        "index_line": json.dumps(entry, separators=(",", ":")),
        "edition": "2021",
        "readme": "# Read me",
        "keywords": ["one", "two"],
    }


def file_path(crate: Crate) -> str:
    """Return the path of a crate's file."""
    return f"{ROOT}api/v1/crates/{crate.name}/{crate.vers}/download"


def basic(user: str, password: str) -> str:
    """Return the Authorization header of a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    """Run an upstream registry within the context."""
    server = _Server(("127.0.0.1", 0), _Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.upstream.origin = server.upstream.origin.replace("http:", "https:")
    with serving(server):
        yield server.upstream


class _Server(ThreadingHTTPServer):
    """Has the responses of its handlers."""

    def server_activate(self) -> None:
        super().server_activate()
        self.upstream = Upstream(f"http://127.0.0.1:{self.server_port}")


class _Handler(BaseHTTPRequestHandler):
    """Responds to GET with the bodies."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        upstream = self.server.upstream
        upstream.asked.append((self.path, self.headers.get("Authorization")))
        body = upstream.bodies.get(self.path)
        self.send_response(upstream.statuses.get(self.path, 404 if body is None else 200))
        body = body or b""
        for name, value in upstream.says.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path in upstream.broken:
            self.wfile.write(body[: len(body) // 2])
            self.close_connection = True
        else:
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""
