"""The registries in cargo's own configuration (Cargo Book, "Configuration").

Cargo reads `.cargo/config.toml` of the current folder and of those above it, and at last that of
its home directory; for each key the first file that has it counts. The old name without `.toml`
takes precedence, and environment variables take precedence over all files.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# How many replacements of a source are followed, since they may form a circle.
MOST_REPLACEMENTS = 10
VARIABLE_PREFIX, VARIABLE_SUFFIX = "CARGO_REGISTRIES_", "_INDEX"


@dataclass(frozen=True, slots=True)
class CargoConfig:
    """What the configuration says: index URLs by the names of registries, in order.

    `replacement` is the index URL that stands in for crates.io, and `default` that of the registry
    to which cargo publishes; None if there is none.
    """

    registries: Mapping[str, str]
    replacement: str | None = None
    default: str | None = None

    @property
    def index_urls(self) -> list[str]:
        """All index URLs, each once."""
        return list(dict.fromkeys([*filter(None, [self.replacement]), *self.registries.values()]))


def read_cargo_config(folder: Path, environ: Mapping[str, str]) -> CargoConfig:
    """Return the registries that cargo would know in a folder; unreadable files are left out."""
    registries: dict[str, str] = {}
    sources: dict[str, dict[str, Any]] = {}
    default = None
    for file in _files(folder, environ):
        for name, url in _index_urls(file):
            registries.setdefault(name, url)
        for name, source in _tables(file, "source"):
            sources[name] = source | sources.get(name, {})
        default = default or _table(file, "registry").get("default")
    registries |= _from_variables(environ, registries)
    default = environ.get("CARGO_REGISTRY_DEFAULT") or default
    return CargoConfig(
        registries,
        replacement=_replacement(sources, registries),
        default=registries.get(default) if isinstance(default, str) else None,
    )


def read_token(index_url: str) -> str | None:
    """Return the token that cargo has for a registry, from its environment or its credentials.

    The registry is one with this index URL in cargo's configuration for the current folder.
    Credential helpers are not asked.
    """
    environ = os.environ
    config = read_cargo_config(Path.cwd(), environ)
    names = [name for name, url in config.registries.items() if _is_below(index_url, url)]
    tables = _table(_credentials(environ), "registries")
    for name in names:
        variable = f"{VARIABLE_PREFIX}{name.upper().replace('-', '_')}_TOKEN"
        table = tables.get(name)
        stored = table.get("token") if isinstance(table, dict) else None
        token = environ.get(variable) or stored
        if isinstance(token, str) and token:
            return token
    return None


def _is_below(index_url: str, url: str) -> bool:
    """Whether a URL is that of a registry or of a state of its past."""
    own, root = (one.removeprefix("sparse+").rstrip("/") for one in (index_url, url))
    return own == root or own.startswith(f"{root}/@")


def _credentials(environ: Mapping[str, str]) -> dict[str, Any]:
    home = _home(environ)
    for name in ("credentials", "credentials.toml"):
        try:
            return tomllib.loads((home / name).read_text())
        except (OSError, ValueError):
            continue
    return {}


def _home(environ: Mapping[str, str]) -> Path:
    home = environ.get("CARGO_HOME")
    return Path(home) if home else Path(os.path.expanduser("~")) / ".cargo"


def _files(folder: Path, environ: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the contents of all files, the one that takes precedence first."""
    own = _home(environ)
    seen = set()
    for directory in (*(one / ".cargo" for one in (folder, *folder.parents)), own):
        old = directory / "config"
        path = old if old.is_file() else directory / "config.toml"
        if path in seen:
            continue
        seen.add(path)
        try:
            yield tomllib.loads(path.read_text())
        except (OSError, ValueError):
            # A file that cargo cannot read is reported by cargo.
            continue


def _table(file: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = file.get(name)
    return found if isinstance(found, dict) else {}


def _tables(file: Mapping[str, Any], name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, table in _table(file, name).items():
        if isinstance(table, dict):
            yield key, table


def _index_urls(file: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, table in _tables(file, "registries"):
        if isinstance(table.get("index"), str):
            yield name, table["index"]


def _from_variables(environ: Mapping[str, str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the index URLs in environment variables, which have names in another spelling."""
    spelled = {name.upper().replace("-", "_"): name for name in known}
    found = {}
    for variable, url in environ.items():
        if variable.startswith(VARIABLE_PREFIX) and variable.endswith(VARIABLE_SUFFIX) and url:
            name = variable.removeprefix(VARIABLE_PREFIX).removesuffix(VARIABLE_SUFFIX)
            found[spelled.get(name, name.lower())] = url
    return found


def _replacement(
    sources: Mapping[str, Mapping[str, Any]], registries: Mapping[str, str]
) -> str | None:
    """Return the index URL to which the replacements of crates.io lead."""
    name = "crates-io"
    for _ in range(MOST_REPLACEMENTS):
        source = sources.get(name, {})
        following = source.get("replace-with")
        if not isinstance(following, str):
            break
        name = following
    if name == "crates-io":
        return None
    url = sources.get(name, {}).get("registry", registries.get(name))
    return url if isinstance(url, str) else None
