"""The registry under test: a separate `pulp-cargo serve`, with all its data in one directory."""

import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks import proc
from benchmarks.rest import Rest
from pulp_cargo.serve import database, postgres
from pulp_cargo.serve.data_dir import DataDir

PROJECT = Path(__file__).parents[1]
# How much of the content app's log is printed if a row fails, in characters.
LOG_TAIL = 4_000


@dataclass(frozen=True, slots=True)
class Registry:
    """A registry on the stack; `root` is its URL with the final slash."""

    name: str
    index_url: str
    token: str

    @property
    def root(self) -> str:
        """The root URL for cargo."""
        return self.index_url.removeprefix("sparse+")

    @property
    def address(self) -> tuple[str, int]:
        """Host and port."""
        parts = urlsplit(self.root)
        assert parts.hostname is not None and parts.port is not None
        return parts.hostname, parts.port

    @property
    def path(self) -> str:
        """The path of `root`."""
        return urlsplit(self.root).path


class Stack:
    """The running processes."""

    def __init__(
        self, data_dir: Path, ready: dict[str, Any], exits: ExitStack, launcher: int
    ) -> None:
        self._launcher = launcher
        self._settings_file = data_dir / "settings.py"
        self._ready = ready
        self._exits = exits
        self._content = int(ready["pids"]["content"])
        self.worker = int(ready["pids"]["worker"])
        self.data_dir = data_dir
        self.origin: str = ready["content_url"]

    @property
    def api(self) -> tuple[str, str, str]:
        """The URL of the REST API, and its administrator's name and password."""
        return self._ready["api_url"], self._ready["admin_user"], self._ready["admin_password"]

    def content_workers(self) -> list[int]:
        """Return the ids of the content processes."""
        return proc.children(self._content)

    def cpu_seconds(self) -> float:
        """Return the seconds of CPU that all processes, with PostgreSQL's, have used so far."""
        return proc.tree_cpu_seconds(self._launcher)

    def inside(self, *arguments: str) -> Any:
        """Execute an action of `benchmarks.inside` with the registry's settings; return its result."""
        process = self._inside
        assert process.stdin is not None and process.stdout is not None
        print(json.dumps(arguments), file=process.stdin, flush=True)
        result = process.stdout.readline()
        if not result:
            raise SystemExit(f"{' '.join(arguments)} failed; its reason stands above")
        return json.loads(result)

    @cached_property
    def _inside(self) -> subprocess.Popen[str]:
        environ = {
            "PULP_SETTINGS": str(self._settings_file),
            "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
        }
        command = [sys.executable, "-m", "benchmarks.inside"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        process = subprocess.Popen(
            command, cwd=PROJECT, env={**os.environ, **environ}, text=True, **pipes
        )
        return self._exits.enter_context(process)

    def make_registry(self, name: str) -> Registry:
        """Create an empty registry."""
        return Registry(name, self.inside("registry", name), self._ready["token"])

    def rest(self) -> Rest:
        """Return the REST API."""
        return Rest(self._ready)

    def database_bytes(self) -> int:
        """Return the size of the whole database on the disk."""
        return int(self.query("SELECT pg_database_size(current_database())")[0][0])

    def query(
        self, statement: str, values: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Query the database."""
        django = runpy.run_path(str(self._settings_file))["DATABASES"]["default"]
        with psycopg.connect(
            dbname=django["NAME"], user=django.get("USER"), host=django.get("HOST")
        ) as connection:
            return connection.execute(statement, values).fetchall()

    def crash_content_workers(self) -> None:
        """Kill the content processes; gunicorn restarts them with empty memory."""
        for pid in self.content_workers():
            os.kill(pid, signal.SIGKILL)


def first_start(data_dir: Path) -> None:
    """Create the data directory of a stopped stack."""
    with running(data_dir):
        pass


def copy(stopped: Path, data_dir: Path) -> None:
    """Create a data directory from that of a stopped stack, which saves a first start."""
    subprocess.run(["cp", "-a", "--reflink=auto", stopped, data_dir], check=True)
    data, file = DataDir(data_dir), data_dir / "state.json"
    (data_dir / "ports.json").unlink()
    _, account = postgres.prepare(data)
    here = database.on_socket(postgres.make_socket_dir(data, account)).label
    file.write_text(json.dumps({**json.loads(file.read_text()), "database": here}))


@contextmanager
def running(data_dir: Path, environ: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Start a registry with one content process, and stop it at the end; `environ` is added."""
    command = [
        str(Path(sys.executable).with_name("pulp-cargo")),
        *("serve", "--json", "--content-workers=1"),
        *(f"--data-dir={data_dir}", "--content-port=0", "--api-port=0"),
    ]
    env = {**os.environ, **(environ or {})}
    start = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
    with start as process, ExitStack() as exits:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the registry did not start; its reason stands above")
            yield Stack(data_dir, json.loads(line), exits, process.pid)
        except Exception:
            print((data_dir / "logs" / "content.log").read_text()[-LOG_TAIL:], file=sys.stderr)
            raise
        finally:
            exits.close()
            process.terminate()
