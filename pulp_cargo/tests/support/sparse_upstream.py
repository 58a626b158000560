"""A sparse registry with bytes and faults defined by a test, and a log of its requests.

It runs in a thread. `faults` are the functions of `upstream_faults` by path.
"""

import hashlib
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.exchange import Asked, Exchange, Listening, Page
from pulp_cargo.tests.support.real import Real
from pulp_cargo.tests.support.registry import index_path

ROOT = "/index/"
FILES = "/files"
CONFIG = f"{ROOT}config.json"
SEARCH = "/api/v1/crates"
# As a path: all paths without their own fault.
EVERYWHERE = "*"
PUBTIME = "2026-01-02T03:04:05Z"

Fault = Callable[[Exchange], Awaitable[None]]


@dataclass(slots=True)
class SparseUpstream:
    """The content by path; `token` is required in every request."""

    listening: Listening
    pages: dict[str, Page] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    token: str | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return self.listening.origin

    @property
    def index_url(self) -> str:
        """The registry's URL for cargo."""
        return f"sparse+{self.origin}{ROOT}"

    @property
    def connections(self) -> int:
        """The number of connections to it."""
        return self.listening.connections

    def configure(self, **changes: Any) -> None:
        """Set config.json; `_` in keys becomes a hyphen."""
        config = {"dl": f"{self.origin}{FILES}", "api": self.origin}
        config |= {key.replace("_", "-"): value for key, value in changes.items()}
        self.pages[CONFIG] = Page(json.dumps(config).encode())

    def have(self, *crates: Crate, **changes: Any) -> None:
        """Set the versions of a crate, with their files; `changes` apply to each line."""
        lines = [index_line(crate, self.index_url) | changes for crate in crates]
        self.index(crates[0].name, b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        for crate in crates:
            self.pages[file_path(crate)] = Page(crate.packed(self.index_url))

    def index(self, name: str, body: bytes, **headers: str) -> None:
        """Set an index file; without headers it has an ETag of its bytes."""
        tag = {"ETag": f'"up-{hashlib.sha256(body).hexdigest()[:12]}"'}
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        self.pages[at(name)] = Page(body, named or tag)

    def have_real(self, reals: Sequence[Real]) -> None:
        """Set crates of crates.io, with exactly these versions."""
        lines: dict[str, list[str]] = {}
        for real in reals:
            name, vers = real.line["name"], real.line["vers"]
            lines.setdefault(name, []).append(json.dumps(real.line, separators=(",", ":")))
            self.pages[f"{FILES}/{name}/{vers}/download"] = Page(real.file)
        for name, texts in lines.items():
            self.index(name, "".join(f"{text}\n" for text in texts).encode())

    def find(self, text: str, *crates: dict[str, Any] | str) -> None:
        """Set the response of the web API to a search; a name alone stands for a plain crate."""
        plain = {"max_version": "1.0.0", "description": "From the upstream."}
        found = [{"name": one, **plain} if isinstance(one, str) else one for one in crates]
        body = json.dumps({"crates": found, "meta": {"total": len(found)}}).encode()
        self.pages[search_path(text)] = Page(body)

    @property
    def searches(self) -> list[str]:
        """The texts that the web API was asked to search for, in order."""
        paths = (urlsplit(asked.path) for asked in self.asked)
        return [parse_qs(one.query)["q"][0] for one in paths if one.path == SEARCH]

    def lose(self, name: str) -> None:
        """Remove a crate's index file."""
        del self.pages[at(name)]

    def asked_for(self, path: str) -> list[Asked]:
        """Return the requests for a path."""
        return [asked for asked in self.asked if asked.path == path]

    def paths(self, name: str) -> list[str]:
        """Return the requested paths of crates with a name prefix, in order."""
        return [asked.path for asked in self.asked if name in asked.path.lower()]

    def forget(self) -> None:
        """Reset everything: faults, crates and requests."""
        self.token = None
        for collection in (self.pages, self.faults, self.asked):
            collection.clear()
        self.configure()

    @contextmanager
    def switched_off(self) -> Iterator[None]:
        """Refuse connections within the context, after closing existing ones."""
        self.listening.stop()
        try:
            yield
        finally:
            self.listening.start(self.answer)

    async def answer(self, exchange: Exchange) -> None:
        """Handle a request."""
        path = exchange.asked.path
        self.asked.append(exchange.asked)
        exchange.page = self.pages.get(path)
        if self.token and exchange.asked.headers.get("authorization") != self.token:
            exchange.send(401, b"no token")
            return
        fault = self.faults.get(path) or self.faults.get(EVERYWHERE)
        await (fault(exchange) if fault else exchange.usual())


def at(name: str) -> str:
    """Return the path of a crate's index file."""
    return ROOT + index_path(name)


def search_path(text: str) -> str:
    """Return the path of a search with its query."""
    return f"{SEARCH}?q={quote(text, safe='')}&per_page=100"


def file_path(crate: Crate) -> str:
    """Return the path of a crate's file."""
    return f"{FILES}/{crate.name}/{crate.vers}/download"


def index_line(crate: Crate, own_url: str = "") -> dict[str, Any]:
    """Return the entry of a crate; a dependency on crates.io becomes one on the same registry.

    So the upstream can act as crates.io, in whose index such a dependency has no registry.
    """
    return {
        "name": crate.name,
        "vers": crate.vers,
        "deps": [_dep(dep) for dep in crate.deps],
        "cksum": crate.cksum(own_url),
        "features": {name: list(values) for name, values in crate.features.items()},
        "yanked": False,
        "pubtime": PUBTIME,
    }


def _dep(dep: Dep) -> Mapping[str, object]:
    return {
        "name": dep.alias or dep.name,
        "req": dep.req,
        "features": list(dep.features),
        "optional": dep.optional,
        "default_features": dep.default_features,
        "target": dep.target,
        "kind": dep.kind,
        **({"registry": dep.registry} if dep.registry not in (None, CRATES_IO) else {}),
        **({"package": dep.name} if dep.alias else {}),
    }


@contextmanager
def running(tls: ssl.SSLContext | None = None) -> Iterator[SparseUpstream]:
    """Run an upstream registry within the context, with a config.json and no crates."""
    upstream = SparseUpstream(Listening(tls))
    upstream.configure()
    upstream.listening.start(upstream.answer)
    try:
        yield upstream
    finally:
        upstream.listening.end()
