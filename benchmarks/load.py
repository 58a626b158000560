"""Load generation with `wrk`: 16 persistent connections, requests from a list."""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks import proc

SCRIPT = Path(__file__).with_name("wrk.lua")
CONNECTIONS = 16
# The headers of cargo 1.95 for index files.
CARGO_HEADERS = (
    "user-agent: cargo/1.95.0",
    "accept: text/plain",
    "accept-encoding: deflate, gzip",
    "cargo-protocol: version=1",
)


@final
@dataclass(frozen=True, slots=True)
class Load:
    """The result of a server; CPU is that of the server, per request."""

    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    bytes_each: float
    requests: int
    failed: int

    def detail(self) -> dict[str, float | str]:
        """Return the details for the results."""
        return {
            "p50_ms": round(self.p50_ms, 2),
            "p99_ms": round(self.p99_ms, 2),
            "cpu_us": round(self.cpu_us, 1),
            "bytes_each": round(self.bytes_each),
            "requests": self.requests,
            "failed": self.failed,
        }


def run(
    origin: str,
    targets: Sequence[tuple[str, str]],
    *,
    pids: list[int],
    seconds: int,
    headers: Sequence[str] = (),
    enough: int = 0,
    order: str = "random",
    rate: int = 0,
) -> Load:
    """Request these targets (a path, and perhaps an ETag) for some seconds.

    It ends earlier if `enough` requests have been answered, unless that is 0. Each request is for a
    random target, or for the next one if `order` is "order". `rate` is how many are sent per second,
    0 for as many as possible.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as list_file:
        list_file.write("".join(f"{path}\t{etag}\n" for path, etag in targets))
        list_file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", str(SCRIPT), origin]
        # Each connection sends its next request when it has the answer to the one before.
        most = enough + CONNECTIONS if enough else 0
        before = proc.cpu_seconds(pids)
        output = subprocess.run(
            [*command, "--", list_file.name, order, str(rate), str(most), *headers],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
        cpu = proc.cpu_seconds(pids) - before
    found = json.loads(output.splitlines()[-1])
    requests = int(found["requests"])
    if not requests:
        raise SystemExit(f"{origin} answered no request: {output}")
    return Load(
        per_second=found["requests"] / found["seconds"],
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
        cpu_us=cpu / requests * 1e6,
        bytes_each=found["bytes"] / requests,
        requests=requests,
        failed=int(found["failed"]),
    )


def etag_of(origin: str, path: str, headers: Sequence[str]) -> str:
    """Return a file's ETag, and check that it results in an empty 304."""
    sent = dict(header.split(": ", 1) for header in headers)
    with urlopen(Request(origin + path, headers=sent)) as response:
        etag = str(response.headers["ETag"])
    try:
        urlopen(Request(origin + path, headers={**sent, "If-None-Match": etag})).close()
    except HTTPError as error:
        if error.code == HTTPStatus.NOT_MODIFIED:
            return etag
        raise
    raise SystemExit(f"{origin}{path} is sent again although it did not change")
