"""A data directory after the first start of a run, as a template.

Its slow steps are a new database cluster, all migrations, the first registry and the cache of
crates.io. Every other stack of a run is a copy, which starts in a third of the time.
"""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulp_cargo.serve import database, postgres
from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.postgres_binaries import Binaries
from pulp_cargo.serve.processes import Account
from pulp_cargo.serve.state import read_state, write_state
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support import hashers, run

DOMAINS = "PULP_DOMAIN_ENABLED"
# The default domain has the class of its storage in the database, too.
STORAGES = "PULP_STORAGES"
SET_STORAGE_CLASS = "UPDATE core_domain SET storage_class = '{}' WHERE name = 'default'"


def copy_to(data_dir: Path, environ: Mapping[str, str]) -> None:
    """Create a data directory that looks like one of a stopped stack."""
    _first_start()
    subprocess.run(["cp", "-a", "--reflink=auto", str(_directory()), str(data_dir)], check=True)
    data = DataDir(data_dir)
    (data.root / "ports.json").unlink()
    binaries, account = postgres.prepare(data)
    here = database.on_socket(postgres.make_socket_dir(data, account)).label
    file = data.root / "state.json"
    state = read_state(file, json.loads(file.read_text())["database"])
    assert state is not None
    state = replace(state, database=here)
    if environ.get(DOMAINS):
        state = replace(
            state,
            registry_path=_in_default_domain(state.registry_path),
            cache_path=_in_default_domain(state.cache_path or ""),
        )
    write_state(file, state)
    if STORAGES in environ:
        storages = json.loads(environ[STORAGES].removeprefix("@json "))
        statement = SET_STORAGE_CLASS.format(storages["default"]["BACKEND"])
        _execute(data, binaries, account, statement)


def _in_default_domain(path: str) -> str:
    return path.replace("/pulp/cargo/", "/pulp/cargo/default/", 1)


def _execute(data: DataDir, binaries: Binaries, account: Account | None, statement: str) -> None:
    """Execute a statement in the database of a stopped stack.

    Pulp's migrations would do the same as this one is for, in some seconds.
    """
    uid, gid = (account.uid, account.gid) if account else (None, None)
    subprocess.run(
        [binaries.bin / "postgres", "--single", "-D", data.postgres, database.NAME],
        cwd=data.postgres,
        user=uid,
        group=gid,
        input=f"{statement}\n",
        text=True,
        stdout=subprocess.DEVNULL,
        check=True,
    )


def first_start() -> dict[str, Any]:
    """Return what the first start of the run said; the registry has been stopped since."""
    said: dict[str, Any] = json.loads(_first_start())
    return said


def _first_start() -> str:
    return run.shared("first-start.json", _start)


def _start() -> str:
    with launcher.running(_directory(), environ=hashers.SETTING) as registry:
        return json.dumps(registry.ready)


def _directory() -> Path:
    return run.directory() / "data-template"
