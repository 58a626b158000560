"""Cargo's own files: the configuration and the token that a registry and a cache need.

Cargo Book, "Configuration": both files are in `CARGO_HOME`, and their old names without `.toml`
take precedence.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pulp_cargo.serve.errors import ServeError
from pulp_cargo.serve.ready import Ready
from pulp_cargo.serve.state import CACHE_KEY, REGISTRY_NAME
from pulp_cargo.serve.user_files import TomlFile, short

Entries = dict[tuple[str, ...], str]
REPLACEMENT = ("source", "crates-io", "replace-with")


@dataclass(frozen=True, slots=True)
class CargoFiles:
    """Both files, and the entries that belong there."""

    config: Path
    credentials: Path
    wanted: Mapping[Path, Entries]

    @property
    def are_complete(self) -> bool:
        """Whether there is nothing to write; a file that cannot be read is left to its user."""
        try:
            return not any(self._missing(TomlFile(path), path) for path in self.wanted)
        except ServeError:
            return False

    def write(self) -> Iterator[str]:
        """Add or change the entries; yield a sentence for each file."""
        for path in self.wanted:
            file = TomlFile(path)
            foreign = self._foreign_replacement(file, path)
            if foreign is not None:
                yield f"{short(path)} replaces crates.io with `{foreign}`; this was not changed"
            missing = self._missing(file, path)
            if not missing:
                continue
            for keys, value in missing.items():
                file.set(keys, value)
            copy = file.back_up() if file.exists else None
            file.save(has_secrets=path == self.credentials)
            yield f"wrote {short(path)}" + (f"; the old one is {short(copy)}" if copy else "")

    def _missing(self, file: TomlFile, path: Path) -> Entries:
        foreign = self._foreign_replacement(file, path)
        return {
            keys: value
            for keys, value in self.wanted[path].items()
            if file.get(*keys) != value and not (keys == REPLACEMENT and foreign)
        }

    def _foreign_replacement(self, file: TomlFile, path: Path) -> object:
        """Return what replaces crates.io already, if it is something else than our cache."""
        now, ours = file.get(*REPLACEMENT), self.wanted[path].get(REPLACEMENT)
        return now if ours is not None and now != ours else None


def files_for(ready: Ready, environ: Mapping[str, str]) -> CargoFiles:
    """Return cargo's files, and what they need for a running registry."""
    home = cargo_home(environ)
    config, credentials = _file(home, "config"), _file(home, "credentials")
    wanted = {config: _configuration(ready), credentials: _secrets(ready)}
    return CargoFiles(config, credentials, {path: it for path, it in wanted.items() if it})


def cargo_home(environ: Mapping[str, str]) -> Path:
    """Return cargo's home directory."""
    home = environ.get("CARGO_HOME")
    return Path(home) if home else Path.home() / ".cargo"


def _configuration(ready: Ready) -> Entries:
    entries: Entries = {}
    if ready.index_url is not None:
        entries["registries", REGISTRY_NAME, "index"] = ready.index_url
        entries["registries", REGISTRY_NAME, "credential-provider"] = "cargo:token"
    if ready.cache_index_url is not None:
        entries["registries", CACHE_KEY, "index"] = ready.cache_index_url
        entries[REPLACEMENT] = CACHE_KEY
        # For tools that read `source` tables only, such as cargo-deny.
        entries["source", CACHE_KEY, "registry"] = ready.cache_index_url
    return entries


def _secrets(ready: Ready) -> Entries:
    if ready.index_url is None or ready.token is None:
        return {}
    return {("registries", REGISTRY_NAME, "token"): ready.token}


def _file(home: Path, name: str) -> Path:
    old = home / name
    return old if old.exists() else home / f"{name}.toml"
