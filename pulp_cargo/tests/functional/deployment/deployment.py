"""A Pulp that is reached through nginx alone, and clients that know only nginx's origin."""

import http.client
import json
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from pulp_cargo.tests.functional.deployment import nginx
from pulp_cargo.tests.functional.deployment.nginx import Nginx
from pulp_cargo.tests.support import stack
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

# Only a notice can then end what a process remembers of a token.
NO_END = {"PULP_CARGO_TOKEN_MEMORY_SECONDS": "3600"}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Deployment:
    """The two servers."""

    pulp: Stack
    nginx: Nginx

    def cargo(self, home: Path, registry: Registry) -> Cargo:
        """Return a cargo that trusts the trial authority, with a registry as `mine`."""
        trusted = {"CARGO_HTTP_CAINFO": str(self.nginx.certificate)}
        return Cargo(home, {"mine": registry}, provider=True, environ=trusted).configure()

    def ask(
        self,
        registry: Registry,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request over HTTP/1.1 and TLS, with a registry's token."""
        parts = urlsplit(registry.url)
        trusted = ssl.create_default_context(cafile=str(self.nginx.certificate))
        connection = http.client.HTTPSConnection(parts.netloc, context=trusted, timeout=30)
        sent = {"Authorization": str(registry.token), **(headers or {})}
        try:
            connection.request(method, parts.path + path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def connect(self) -> ssl.SSLSocket:
        """Return a connection on which HTTP/1.1 is spoken."""
        trusted = ssl.create_default_context(cafile=str(self.nginx.certificate))
        parts = urlsplit(self.nginx.origin)
        plain = socket.create_connection((str(parts.hostname), parts.port), timeout=30)
        return trusted.wrap_socket(plain, server_hostname=parts.hostname)

    def publish(self, registry: Registry, crate: Crate) -> None:
        """Publish a crate past nginx, which is quick."""
        direct = seen_at(registry, content_port(self.pulp))
        body = crate.body(registry.index_url)
        answer = direct.api("PUT", "crates/new", body)
        assert answer.status == 200, answer


def seen_at(registry: Registry, port: int) -> Registry:
    """Return a registry as the content process on this port serves it."""
    path = urlsplit(registry.url).path
    return replace(registry, index_url=f"sparse+http://127.0.0.1:{port}{path}")


@contextmanager
def started(**environ: str) -> Iterator[Deployment]:
    """Have a Pulp with an https origin for a while, and nginx there; `environ` are settings."""
    root = Path(tempfile.mkdtemp(prefix="pulp-cargo-deployment-"))
    root.chmod(0o755)
    (root / "nginx").mkdir()
    port = nginx.free_port()
    origin = f"--origin=https://{nginx.HOST}:{port}"
    with stack.started(root / "data", origin, environ=environ) as pulp:
        content = f"http://127.0.0.1:{content_port(pulp)}"
        with nginx.running(
            root / "nginx", port, content_url=content, api_url=pulp.ready["api_url"]
        ) as server:
            yield Deployment(pulp, server)
    shutil.rmtree(root)


def content_port(pulp: Stack) -> int:
    """Return where the content app listens; `content_url` is nginx's origin."""
    return int(json.loads((pulp.data_dir / "ports.json").read_text())["content"])
