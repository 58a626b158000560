"""nginx with the registry's files as static files, for comparison on the same machine.

With openssl there are two more servers with TLS and HTTP/2: for the static files, and for the
registry behind the snippet of the deployment guide.
"""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from benchmarks import proc

CONFIG = """\
{user}
worker_processes 1;
daemon off;
pid {root}/nginx.pid;
error_log {root}/error.log;
events {{ worker_connections 256; }}
http {{
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 75;
    keepalive_requests 1000000000;
    gzip_static on;
    default_type text/plain;
    client_body_temp_path {root}/t1;
    proxy_temp_path {root}/t2;
    fastcgi_temp_path {root}/t3;
    uwsgi_temp_path {root}/t4;
    scgi_temp_path {root}/t5;
{http}
}}
"""
SERVER = """\
    access_log off;
    server {{
        listen 127.0.0.1:{port};
        root {root}/files;
        location /crates/ {{ gzip_static off; default_type application/gzip; }}
    }}
"""
TLS = """\
    ssl_certificate {root}/certificate.pem;
    ssl_certificate_key {root}/key.pem;
    server {{
        listen 127.0.0.1:{static} ssl http2;
        root {root}/files;
    }}
    upstream pulp-content {{
        server {content};
        keepalive 32;
    }}
    # The snippet has the account page, which nothing here asks for.
    upstream pulp-api {{ server {content}; }}
    server {{
        listen 127.0.0.1:{proxy} ssl http2;
        include {snippet};
    }}
"""
SNIPPET = Path(__file__).parents[1] / "pulp_cargo" / "app" / "webserver_snippets" / "nginx.conf"


@dataclass(frozen=True, slots=True)
class Tls:
    """The two servers with HTTP/2, and the certificate of both."""

    static: str
    proxy: str
    certificate: Path


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx; the content of `files` is served below `origin`."""

    origin: str
    files: Path
    master: int
    tls: Tls | None

    def workers(self) -> list[int]:
        """Return the ids of the worker processes."""
        return proc.children(self.master)

    def put(self, path: str, data: bytes) -> None:
        """Serve these bytes at a path."""
        place = self.files / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


@contextmanager
def running(root: Path, content: str) -> Iterator[Nginx]:
    """Start nginx on free ports with one worker, and stop it at the end.

    `content` is the host and port of the registry.
    """
    files = root / "files"
    files.mkdir(parents=True)
    port = free_port()
    tls, block = _tls(root, content) if which("openssl") else (None, "")
    with serving(root, SERVER.format(root=root, port=port) + block, port) as master:
        yield Nginx(f"http://127.0.0.1:{port}", files, master.pid, tls)


@contextmanager
def serving(root: Path, http: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run nginx with these servers until the end; it is listening on the port."""
    file = root / "nginx.conf"
    file.write_text(CONFIG.format(root=root, user=_user_line(), http=http))
    # -e: until it has read its configuration it would log to a system path.
    command = ["nginx", "-e", f"{root}/error.log", "-c", str(file), "-p", str(root)]
    with subprocess.Popen(command) as process:
        try:
            wait_for(port)
            yield process
        finally:
            process.terminate()


def _user_line() -> str:
    """Return the line that keeps workers from using an account that cannot read the directory."""
    return "user root;" if os.geteuid() == 0 else ""


def _tls(root: Path, content: str) -> tuple[Tls, str]:
    certificate, static, proxy = root / "certificate.pem", free_port(), free_port()
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    files = ("-keyout", root / "key.pem", "-out", certificate)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *files],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    servers = Tls(f"https://localhost:{static}", f"https://localhost:{proxy}", certificate)
    block = TLS.format(root=root, static=static, proxy=proxy, content=content, snippet=SNIPPET)
    return servers, block


def free_port() -> int:
    """Return a port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    """Wait until something listens on the port; raises ConnectionRefusedError after 10 s."""
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
