"""The upstream registry of a cache: nginx with and without latency, and an access log."""

import gzip
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import uuid4

from benchmarks import nginx, proc
from benchmarks.closure import Closure
from benchmarks.stack import PROJECT

SERVER = """\
    log_format asked '$status $request_uri';
    access_log {root}/access.log asked;
    server {{
        listen 127.0.0.1:{port};
        root {root}/files;
        # Downloads go the way, near or far, by which the index was reached.
        location ~ /config\\.json$ {{
            default_type application/json;
            return 200 '{{"dl":"http://$http_host/crates"}}';
        }}
        location /crates/ {{ gzip_static off; default_type application/gzip; }}
        location /crates/{slow}/ {{ gzip_static off; limit_rate {slow_rate}; }}
    }}
"""
# A crate whose download takes a second, so that concurrent requests overlap with it.
SLOW = "bench-slow"
SLOW_RATE = "10m"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A running upstream; `near` and `far` are the URLs of its index."""

    near: str
    far: str
    root: Path
    process: subprocess.Popen[bytes]

    def workers(self) -> list[int]:
        """Return the ids of the worker processes."""
        return proc.children(self.process.pid)

    def put_index_file(self, path: str, data: bytes) -> None:
        """Serve an index file, plain and compressed as crates.io does."""
        self._put(path, data)
        self._put(f"{path}.gz", gzip.compress(data, 6))

    def put_crate(self, name: str, vers: str, data: bytes) -> None:
        """Serve a .crate file."""
        self._put(f"crates/{name}/{vers}/download", data)

    def put_closure(self, closure: Closure) -> None:
        """Serve real crates."""
        for path, data in closure.index.items():
            self.put_index_file(path, data)
        for (name, vers), file in closure.files.items():
            self.put_crate(name, vers, file.read_bytes())

    def count(self, path: str) -> int:
        """Return the number of requests below a path."""
        return sum(line.split(" ", 1)[1].startswith(path) for line in self._logged())

    def _logged(self) -> list[str]:
        """Return the lines of the access log once it has all that was asked before.

        A client has its response before nginx writes the line. The only worker process takes one
        request after the other, so the line of one more request comes after all of them.
        """
        marker = f"marker-{uuid4().hex}"
        with suppress(HTTPError):
            urlopen(self.near + marker, timeout=20).close()
        for _ in range(2_000):
            lines = (self.root / "access.log").read_text().splitlines()
            if any(line.endswith(marker) for line in lines):
                return lines
            time.sleep(0.01)
        raise SystemExit(f"the upstream has not logged {marker}")

    def switch_off(self) -> None:
        """Stop it early."""
        self.process.terminate()
        self.process.wait()

    def _put(self, path: str, data: bytes) -> None:
        place = self.root / "files" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


@contextmanager
def running() -> Iterator[Upstream]:
    """Start an upstream without any crates, and stop it at the end."""
    with ExitStack() as exits:
        root = Path(exits.enter_context(tempfile.TemporaryDirectory(prefix="bench-upstream-")))
        (root / "files").mkdir()
        port = nginx.free_port()
        server = SERVER.format(root=root, port=port, slow=SLOW, slow_rate=SLOW_RATE)
        process = exits.enter_context(nginx.serving(root, server, port))
        far = exits.enter_context(_far_from(port))
        yield Upstream(f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{far}/", root, process)


@contextmanager
def _far_from(port: int) -> Iterator[int]:
    command = [sys.executable, "-m", "benchmarks.far", str(port)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield int(process.stdout.readline())
        finally:
            process.terminate()
