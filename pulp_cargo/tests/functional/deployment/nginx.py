"""An nginx as the deployment guide sets it up, on loopback and with the guide's trial authority."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen
from uuid import uuid4

from pulp_cargo.tests.functional.docs.shell import DOCS, FENCE, blocks

GUIDE = DOCS / "admin" / "guides" / "deployment.md"
SNIPPET = DOCS.parent / "pulp_cargo" / "app" / "webserver_snippets" / "nginx.conf"
# Debian keeps it out of the path of ordinary users.
PROGRAM = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

HOST = "localhost"

# What Debian's own nginx.conf would say around the site, with all paths in one directory.
AROUND = """
daemon off;
pid {root}/nginx.pid;
events {{}}
http {{
    log_format short '$server_protocol $request_method $uri $status';
    access_log {root}/access.log short;
    log_format connections '$connection $uri';
    access_log {root}/connections.log connections;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
{site}
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """One that is up, and where its own files are."""

    origin: str
    root: Path

    @property
    def certificate(self) -> Path:
        """The authority that a client has to trust."""
        return self.root / "ssl" / "trial" / "authority.pem"

    def requests(self) -> Sequence[str]:
        """Return `protocol method path status` of each request so far."""
        return self._lines("access.log")

    def connections(self, below: str) -> set[str]:
        """Return the numbers of the connections on which paths below this one were asked for."""
        lines = self._lines("connections.log")
        return {line.split()[0] for line in lines if line.split()[1].startswith(below)}

    def _lines(self, log: str) -> Sequence[str]:
        """Return the lines of a log once it has all that was asked before.

        A client has its response before nginx writes the line. There is one worker process, which
        takes one request after the other, so the line of one more request comes after all of them.
        """
        marker = f"/marker-{uuid4().hex}"
        trusted = ssl.create_default_context(cafile=str(self.certificate))
        with suppress(HTTPError):
            urlopen(self.origin + marker, context=trusted, timeout=20).close()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            *lines, _ = (self.root / log).read_text().split("\n")
            if any(marker in line for line in lines):
                return [line for line in lines if "/marker-" not in line]
            time.sleep(0.01)
        raise AssertionError(f"nginx has not logged {marker}")


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextmanager
def running(root: Path, port: int, *, content_url: str, api_url: str) -> Iterator[Nginx]:
    """Have an nginx for a while, before the two servers of a Pulp."""
    nginx = Nginx(f"https://{HOST}:{port}", root)
    make_certificate(root)
    (root / "pulp").mkdir()
    shutil.copy(SNIPPET, root / "pulp" / "pulp_cargo.conf")
    site = _site(root, port, urlsplit(content_url).netloc, urlsplit(api_url).netloc)
    (root / "nginx.conf").write_text(AROUND.format(root=root, site=site))
    errors = root / "error.log"
    process = subprocess.Popen(
        [str(PROGRAM), "-p", root, "-c", root / "nginx.conf", "-e", errors],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_up(process, port, errors)
        yield nginx
    finally:
        process.terminate()
        process.wait(20)


def _site(root: Path, port: int, content: str, api: str) -> str:
    """Return the site of the guide with the addresses and the files of this machine."""
    (site,) = [text for kind, text in FENCE.findall(GUIDE.read_text()) if kind == "nginx"]
    for old, new in (
        ("127.0.0.1:24816", content),
        ("127.0.0.1:24817", api),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("/etc/ssl/", f"{root}/ssl/"),
        ("/var/lib/pulp/assets/", f"{root}/assets/"),
        ("crates.example.org", HOST),
    ):
        assert old in site
        site = site.replace(old, new)
    return re.sub(r"^", "    ", site, flags=re.MULTILINE)


def make_certificate(root: Path) -> None:
    """Run the guide's commands for an authority of one's own, and a certificate signed by it."""
    (block,) = [block for block in blocks(GUIDE) if "openssl req" in block.commands]
    for folder in ("certs", "private"):
        (root / "ssl" / folder).mkdir(parents=True)
    subprocess.run(
        ["bash", "-ec", block.commands.replace("/etc/ssl", f"{root}/ssl")],
        env={**os.environ, "HOST": HOST},
        check=True,
        capture_output=True,
    )


def wait_until_up(process: subprocess.Popen[bytes], port: int, errors: Path) -> None:
    """Wait for a web server to listen; fails with what it has logged."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the web server does not run: {errors.read_text()}")
