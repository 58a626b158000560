"""An HTTP client for a registry, based on the Cargo Book only."""

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pulp_cargo.tests.support.crate import Crate

# Cargo's timeout is 30 s without a byte.
PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, which must be JSON with the right content type."""
        assert self.headers["content-type"].startswith("application/json"), self
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """Return the message of an error, which must be in cargo's form."""
        assert self.status >= 400, self
        body = self.json()
        assert list(body) == ["errors"] and [list(one) for one in body["errors"]] == [["detail"]]
        assert "Traceback" not in body["errors"][0]["detail"]
        return str(body["errors"][0]["detail"])


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry, and the token for it."""

    name: str
    index_url: str
    token: str | None
    href: str = ""
    repository: str = ""

    @property
    def url(self) -> str:
        """The URL without cargo's `sparse+`, with a final slash."""
        return self.index_url.removeprefix("sparse+")

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes | Iterable[bytes] | None = None,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a request with the path unchanged, anonymously without a `token`."""
        parts = urlsplit(self.url)
        sent = {"User-Agent": "tests", **({"Authorization": token} if token else {})}
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        try:
            chunked = body is not None and not isinstance(body, bytes)
            connection.request(
                method,
                parts.path + path,
                body,
                sent | dict(headers or {}),
                encode_chunked=chunked,
            )
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())
        finally:
            connection.close()

    def get(self, path: str, *, token: str | None = None, **headers: str) -> Answer:
        """Send a GET; keyword arguments are headers with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.request("GET", path, token=token, headers=named)

    def api(self, method: str, path: str, body: bytes | None = None, **kind: Any) -> Answer:
        """Send a request to the web API, with the registry's token."""
        return self.request(method, f"api/v1/{path}", body=body, **{"token": self.token, **kind})

    def send(self, crate: Crate, *, token: str | None = None) -> Answer:
        """Publish a crate, and return the response."""
        return self.api("PUT", "crates/new", crate.body(self.index_url), token=token or self.token)

    def publish(self, crate: Crate, *, token: str | None = None) -> list[str]:
        """Publish a crate and return the warnings."""
        answer = self.send(crate, token=token)
        assert answer.status == 200, answer
        warnings = answer.json()["warnings"]
        assert set(warnings) == {"invalid_categories", "invalid_badges", "other"}
        return list(warnings["other"])

    def index_file(self, name: str, *, token: str | None = None, **headers: str) -> Answer:
        """Request a crate's index file."""
        return self.get(index_path(name), token=token, **headers)

    def index(self, name: str, *, token: str | None = None) -> list[dict[str, Any]]:
        """Return the entries of a crate, none if it does not exist."""
        answer = self.index_file(name, token=token)
        if answer.status == 404:
            return []
        assert answer.status == 200, answer
        assert answer.body.endswith(b"\n")
        return [json.loads(line) for line in answer.body.decode().splitlines()]

    def entry(self, name: str, vers: str = "1.0.0") -> dict[str, Any]:
        """Return the one entry of a version."""
        (found,) = [entry for entry in self.index(name) if entry["vers"] == vers]
        return found

    def download(self, name: str, vers: str = "1.0.0", *, token: str | None = None) -> Answer:
        """Request a .crate file."""
        return self.get(f"api/v1/crates/{name}/{vers}/download", token=token)

    def yank(self, name: str, vers: str = "1.0.0", **kind: Any) -> Answer:
        """Yank a version."""
        return self.api("DELETE", f"crates/{name}/{vers}/yank", **kind)

    def unyank(self, name: str, vers: str = "1.0.0", **kind: Any) -> Answer:
        """Unyank a version."""
        return self.api("PUT", f"crates/{name}/{vers}/unyank", **kind)


def reads(registry: Registry, token: str | None) -> list[Answer]:
    """Send every kind of read, for an existing crate `secret` and a missing one."""
    return [
        registry.get("config.json", token=token),
        registry.index_file("secret", token=token),
        registry.index_file("unknown", token=token),
        registry.download("secret", token=token),
        registry.download("unknown", token=token),
    ]


def index_path(name: str) -> str:
    """Return the path of a crate's index file (Cargo Book, "Index Files")."""
    name = name.lower()
    folder = {1: "1", 2: "2", 3: f"3/{name[0]}"}.get(len(name), f"{name[:2]}/{name[2:4]}")
    return f"{folder}/{name}"
