"""The registry under test: a separate `pulp-cargo serve`, with all its data in one directory."""

import json
import os
import runpy
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from benchmarks import proc
from benchmarks.rest import Rest

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

    def __init__(self, data_dir: Path, ready: dict[str, Any]) -> None:
        self._settings_file = data_dir / "settings.py"
        self._ready = ready
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

    def inside(self, *arguments: str) -> str:
        """Run `benchmarks.inside` with the registry's settings; return its output."""
        environ = {
            "PULP_SETTINGS": str(self._settings_file),
            "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
        }
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.inside", *arguments],
            cwd=PROJECT,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout

    def make_registry(self, name: str) -> Registry:
        """Create an empty registry."""
        return Registry(name, self.inside("registry", name).strip(), self._ready["token"])

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


@contextmanager
def running(data_dir: Path, environ: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """Start a registry with one content process, and stop it at the end; `environ` is added."""
    command = [
        str(Path(sys.executable).with_name("pulp-cargo")),
        *("serve", "--json", "--content-workers=1"),
        *(f"--data-dir={data_dir}", "--content-port=0", "--api-port=0"),
    ]
    env = {**os.environ, **(environ or {})}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise SystemExit("the registry did not start; its reason stands above")
            yield Stack(data_dir, json.loads(line))
        except Exception:
            print((data_dir / "logs" / "content.log").read_text()[-LOG_TAIL:], file=sys.stderr)
            raise
        finally:
            process.terminate()
