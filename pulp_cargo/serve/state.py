"""The result of the last complete bootstrap, so that a restart needs no other one."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

# What a bootstrap creates.
ADMIN_USER = "admin"
REGISTRY_NAME = "my-crates"
# Cargo reserves the name `crates-io` for crates.io itself.
CACHE_KEY = "pulp-crates-io"


@dataclass(frozen=True, slots=True)
class State:
    """The result of a bootstrap, and its inputs.

    `cache_path` is None if no cache was requested, and empty if its name was taken.
    """

    database: str
    fingerprint: str
    registry_path: str
    admin_password_known: bool
    cache_path: str | None = None


def read_state(path: Path, database: str) -> State | None:
    """Return the stored state of a database, None if there is none that this version can read."""
    try:
        state = State(**json.loads(path.read_text()))
    except (FileNotFoundError, TypeError, ValueError):
        return None
    return state if state.database == database else None


def write_state(path: Path, state: State) -> None:
    """Store a state."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(json.dumps(asdict(state)))
    unfinished.rename(path)


def fingerprint() -> str:
    """Return a text that changes when a database needs another bootstrap.

    Besides migrations, Pulp stores each viewset's access policy and roles while migrating. So every
    changed file of the plugin counts, which also protects developers from a stale database.
    """
    parts = [version("pulpcore"), version("pulp-cargo"), *_plugin_files()]
    return sha256("\n".join(parts).encode()).hexdigest()


def _plugin_files() -> Iterator[str]:
    plugin = find_spec("pulp_cargo")
    for root in (plugin.submodule_search_locations or []) if plugin is not None else []:
        for path in sorted((Path(root) / "app").rglob("*.py")):
            yield f"{path.relative_to(root)} {path.stat().st_size} {path.stat().st_mtime_ns}"
