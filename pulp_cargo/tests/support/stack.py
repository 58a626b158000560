"""A complete registry started by `pulp-cargo serve`, and functions to create further registries.

With the variable `PULP_CARGO_STACK`, the path of a file with the output of `serve --json`, a test
run uses a stack that is already running.
"""

import json
import os
import runpy
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import hashers, run, template
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.rows import Rows

REPOSITORIES = "repositories/cargo/cargo/"
DISTRIBUTIONS = "distributions/cargo/cargo/"
STATE = "SELECT state FROM core_task WHERE pulp_id = %s"
ALL_SCOPES = ("read", "publish-new", "publish-update", "yank", "change-owners")


@dataclass(frozen=True, slots=True)
class Stack:
    """The output of `serve --json`, and the settings file."""

    ready: dict[str, Any]
    settings: dict[str, Any]
    rest: Rest

    @property
    def data_dir(self) -> Path:
        """The data directory of the stack."""
        return Path(self.settings["MEDIA_ROOT"]).parent

    @property
    def content_url(self) -> str:
        """The origin for cargo."""
        return str(self.ready["content_url"])

    @property
    def pids(self) -> dict[str, int]:
        """The process ids when the stack was ready."""
        return dict(self.ready["pids"])

    @property
    def registry(self) -> Registry:
        """The registry that exists from the start."""
        (found,) = self.rest.list(DISTRIBUTIONS, name="my-crates")
        return self._registry(found, self.ready["token"])

    def make_registry(
        self,
        *,
        of: Registry | None = None,
        repository: dict[str, Any] | None = None,
        **distribution: Any,
    ) -> Registry:
        """Create a registry, with the repository of another one or with a new one."""
        name = unique("r")
        wanted = {"name": name, "base_path": name, "allow_uploads": True, **distribution}
        if of is not None:
            wanted["repository"] = of.repository
        else:
            made = self.rest.need(REPOSITORIES, name=name, **(repository or {}))
            wanted["repository"] = made["pulp_href"]
        return self._registry(self.rest.need(DISTRIBUTIONS, **wanted), self.ready["token"])

    def make_token(self, **fields: Any) -> str:
        """Create a token and return its secret."""
        return str(self.make_token_record(**fields)["token"])

    def make_token_record(self, **fields: Any) -> dict[str, Any]:
        """Create a token and return its representation in the REST API."""
        wanted = {"name": unique("t"), "scopes": ALL_SCOPES}
        return self.rest.need("cargo/tokens/", **(wanted | fields))

    def child(self, words: str) -> launcher.Process:
        """Return the running process with this name or command line, even after restarts."""
        process = launcher.child_of(self.pids["supervisor"], words)
        if process is None:
            raise LookupError(words)
        return process

    def content_process(self) -> int:
        """Return the id of one of the content processes."""
        parent = self.child("pulp-content").pid
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return int(children[-1])

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection to the stack's database."""
        there = self.settings["DATABASES"]["default"]
        names = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
        given = {key: there[name] for key, name in names.items() if there.get(name)}
        return psycopg.connect(**given, port=there.get("PORT") or None, autocommit=True)

    def _registry(self, made: dict[str, Any], token: str) -> Registry:
        return Registry(
            made["name"], made["base_url"], token, made["pulp_href"], made["repository"] or ""
        )


def attach(ready: dict[str, Any]) -> Stack:
    """Return the running stack with this output of `serve`."""
    rest = Rest(ready["api_url"], (ready["admin_user"], ready["admin_password"]))
    return attach_with(ready, rest)


def attach_with(ready: dict[str, Any], rest: Rest) -> Stack:
    """Return the running stack with this output of `serve`, and this client."""
    settings = runpy.run_path(f"{ready['data_dir']}/settings.py")
    stack = Stack(ready, settings, rest)
    rest.state_of = TaskStates(stack).of
    return stack


class TaskStates:
    """The states of tasks in the database, since polling by requests would load the API."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._lock = threading.Lock()

    def of(self, href: str) -> str:
        """Return the state of a task."""
        task = href.rstrip("/").rpartition("/")[2]
        with self._lock:
            try:
                row = self._connected().execute(STATE, [task]).fetchone()
            except psycopg.OperationalError:
                # The server has been restarted.
                row = self._connected().execute(STATE, [task]).fetchone()
        assert row is not None, href
        return str(row[0])

    def _connected(self) -> psycopg.Connection[tuple[Any, ...]]:
        if self._connection is None or self._connection.closed:
            self._connection = self._stack.connect()
        return self._connection


@contextmanager
def started(
    data_dir: Path, *arguments: str, environ: Mapping[str, str] = launcher.AS_IT_IS
) -> Iterator[Stack]:
    """Run a separate stack within the context, with these environment variables."""
    with launched(data_dir, *arguments, environ=environ) as running:
        yield attach(running.ready)


@contextmanager
def launched(
    data_dir: Path, *arguments: str, environ: Mapping[str, str] = launcher.AS_IT_IS
) -> Iterator[launcher.Running]:
    """Run a separate Pulp within the context, without a client for its API."""
    template.copy_to(data_dir, environ)
    environ = {**hashers.SETTING, **environ}
    with launcher.running(data_dir, *arguments, environ=environ) as running:
        yield running


def shared() -> Stack:
    """Return the stack that all workers of this run share, or that is already running."""
    if running := os.environ.get("PULP_CARGO_STACK"):
        return _with_rows(attach(json.loads(Path(running).read_text())))

    def start() -> str:
        data_dir = run.directory() / "stack"
        template.copy_to(data_dir, launcher.AS_IT_IS)
        running = launcher.start(data_dir, environ=hashers.SETTING)
        run.outlives("stack", running.process.pid)
        return json.dumps(running.ready)

    return _with_rows(attach(json.loads(run.shared("stack.json", start))))


def _with_rows(stack: Stack) -> Stack:
    stack.rest.rows = Rows(stack.data_dir / "settings.py")
    return stack


def through(registry: Registry, host: str) -> Registry:
    """Return the same registry under another name of this machine."""
    parts = urlsplit(registry.url)
    url = parts._replace(netloc=f"{host}:{parts.port}").geturl()
    return Registry(registry.name, f"sparse+{url}", registry.token, registry.href)
