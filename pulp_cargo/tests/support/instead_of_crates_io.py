"""A proxy that serves the hosts of crates.io from a registry, for clients that know no other host.

It is a man in the middle: it decrypts their connections with a certificate of its own, which they
have to trust.
"""

import http.client
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pytest

from pulp_cargo.tests.support.proxy import HOP_BY_HOP
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.serving import serving

HOSTS = ("crates.io", "index." + "crates.io")


@dataclass(slots=True)
class InsteadOfCratesIo:
    """The proxy, the certificate to trust, and the forwarded requests: host with path."""

    url: str
    authority: Path
    seen: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        """The environment in which cargo-vet uses it; cargo itself does not."""
        return {
            "HTTPS_PROXY": self.url,
            "CARGO_HTTP_PROXY": "",
            "CARGO_HTTP_CAINFO": str(self.authority),
        }


@contextmanager
def instead_of_crates_io(registry: Registry, folder: Path) -> Iterator[InsteadOfCratesIo]:
    """Run the proxy within the context, with its certificates in a folder; needs openssl."""
    authority, both = _certificates(folder)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.behind = urlsplit(registry.url)
    server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.tls.load_cert_chain(both)
    server.proxy = InsteadOfCratesIo(f"http://127.0.0.1:{server.server_port}", authority)
    with serving(server):
        yield server.proxy


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Return the certificate of an authority, and a file with one of the hosts and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made by openssl")
    authority, both = folder / "authority.pem", folder / "both.pem"
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    (folder / "extensions").write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
    new = ["-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tests"]
    days = ["-days", "2"]
    for arguments in (
        ["req", "-x509", *new, *days, "-keyout", "authority.key", "-out", "authority.pem"],
        ["req", *new, "-keyout", "own.key", "-out", "own.csr"],
        ["x509", "-req", "-in", "own.csr", "-CA", "authority.pem", "-CAkey", "authority.key",
         "-CAcreateserial", *days, "-extfile", "extensions", "-out", "own.pem"],
    ):  # fmt: skip
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    both.write_bytes((folder / "own.pem").read_bytes() + (folder / "own.key").read_bytes())
    return authority, both


class _Server(ThreadingHTTPServer):
    """Has what its handlers need."""

    behind: SplitResult
    tls: ssl.SSLContext
    proxy: InsteadOfCratesIo


class _Handler(BaseHTTPRequestHandler):
    """Forwards GET within the tunnels to the hosts of crates.io."""

    protocol_version = "HTTP/1.1"
    server: _Server
    host = ""

    def do_CONNECT(self) -> None:
        host = self.path.partition(":")[0]
        if host not in HOSTS:
            self.send_error(403, "nothing goes out from here")
            return
        self.send_response_only(200)
        self.end_headers()
        self.host = host
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)

    def do_GET(self) -> None:
        behind = self.server.behind
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP | {"host"}}
        connection = http.client.HTTPConnection(behind.netloc, timeout=60)
        connection.request("GET", behind.path.rstrip("/") + self.path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        self.server.proxy.seen.append(self.host + self.path)
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Print nothing."""
