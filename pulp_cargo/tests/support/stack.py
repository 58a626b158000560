"""A whole registry as `pulp-cargo serve` starts it, and ways to make more registries in it.

The variable `PULP_CARGO_STACK`, the path of a file with the line that `serve --json` printed, lets
a run of the tests use a stack that is up already.
"""

import base64
import json
import runpy
import secrets
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.registry import Registry

API = "/pulp/api/v3/"
ALL_SCOPES = ("read", "publish-new", "publish-update", "yank", "change-owners")


@dataclass(frozen=True, slots=True)
class Stack:
    """What `serve --json` said, and what its settings file says."""

    ready: dict[str, Any]
    settings: dict[str, Any]

    @property
    def data_dir(self) -> Path:
        """Where the stack keeps everything."""
        return Path(self.settings["MEDIA_ROOT"]).parent

    @property
    def content_url(self) -> str:
        """Where cargo connects."""
        return str(self.ready["content_url"])

    @property
    def pids(self) -> dict[str, int]:
        """The processes as they were when the stack was ready."""
        return dict(self.ready["pids"])

    @property
    def registry(self) -> Registry:
        """The registry that is there from the start."""
        found = self.call("GET", "distributions/cargo/cargo/?name=my-crates")["results"][0]
        return self._registry(found, self.ready["token"])

    def make_registry(
        self, *, repository: dict[str, Any] | None = None, **distribution: Any
    ) -> Registry:
        """Make a registry with a repository of its own, unless `repository` is an href."""
        name = distribution.pop("name", f"r-{secrets.token_hex(4)}")
        if "repository_href" in distribution:
            href = distribution.pop("repository_href")
        else:
            made = self.call("POST", "repositories/cargo/cargo/", {"name": name, **(repository or {})})
            href = made["pulp_href"]
        wanted = {"name": name, "base_path": name, "repository": href, "allow_uploads": True}
        made = self.call("POST", "distributions/cargo/cargo/", wanted | distribution)
        return self._registry(made, self.ready["token"])

    def make_token(self, **fields: Any) -> str:
        """Make a token and return its secret."""
        return str(self.make_token_record(**fields)["token"])

    def make_token_record(self, **fields: Any) -> dict[str, Any]:
        """Make a token and return all that the REST API says of it."""
        wanted = {"name": f"t-{secrets.token_hex(4)}", "scopes": ALL_SCOPES}
        return self.call("POST", "cargo/tokens/", wanted | fields)

    def call(self, method: str, path: str, body: object = None, *, user: str = "") -> Any:
        """Make a REST call as the administrator, or as `user:password`; wait for its task."""
        said = self._send(method, path, body, user or self._admin)
        if not isinstance(said, dict) or set(said) != {"task"}:
            return said
        task = self._wait(said["task"])
        assert task["state"] == "completed", task
        created = task["created_resources"]
        return self._send("GET", created[0], None, self._admin) if created else None

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection to the stack's database."""
        there = self.settings["DATABASES"]["default"]
        names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
        given = {key: there[name] for key, name in names.items() if there.get(name)}
        return psycopg.connect(**given, port=there.get("PORT") or None, autocommit=True)

    @property
    def _admin(self) -> str:
        return f"{self.ready['admin_user']}:{self.ready['admin_password']}"

    def _send(self, method: str, path: str, body: object, user: str) -> Any:
        url = self.ready["api_url"] + (path if path.startswith("/") else API + path)
        request = urllib.request.Request(url, method=method)
        request.add_header("Authorization", f"Basic {base64.b64encode(user.encode()).decode()}")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.code} {error.read()!r}") from error
        return json.loads(text) if text else None

    def _wait(self, task: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found: dict[str, Any] = self._send("GET", task, None, self._admin)
            if found["state"] not in ("waiting", "running", "canceling"):
                return found
            time.sleep(0.05)
        raise AssertionError(f"{task} did not end")

    def _registry(self, made: dict[str, Any], token: str) -> Registry:
        return Registry(
            made["name"], made["base_url"], token, made["pulp_href"], made["repository"] or ""
        )


def attach(ready: dict[str, Any]) -> Stack:
    """Return the running stack that said this when it was ready."""
    arguments = Path(f"/proc/{ready['pids']['content']}/environ").read_bytes().split(b"\0")
    path = next(one for one in arguments if one.startswith(b"PULP_SETTINGS="))
    settings = runpy.run_path(path.partition(b"=")[2].decode())
    return Stack(ready, settings)


@contextmanager
def started(data_dir: Path, *arguments: str) -> Iterator[Stack]:
    """Have a stack of one's own for a while."""
    with launcher.running(data_dir, *arguments) as running:
        yield attach(running.ready)


def through(registry: Registry, host: str) -> Registry:
    """Return the same registry as it is seen under another name of this machine."""
    parts = urlsplit(registry.url)
    url = parts._replace(netloc=f"{host}:{parts.port}").geturl()
    return Registry(registry.name, f"sparse+{url}", registry.token, registry.href)
