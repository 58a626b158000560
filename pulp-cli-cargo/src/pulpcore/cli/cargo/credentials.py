"""Writes a token where cargo looks for it (Cargo Book, "Configuration", "Credentials")."""

import os
import re
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError


class NotWritable(Exception):
    """A file to which no token can be written, and why."""


def registry_key(name: str) -> str:
    """Return a name unchanged if cargo accepts it, otherwise as in the printed configuration.

    >>> registry_key("team"), registry_key("my crates"), registry_key("2b")
    ('team', 'my-crates', 'pulp-2b')
    """
    # Cargo allows letters beyond ASCII, but not in the environment variables for tokens.
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", name) and name != "crates-io":
        return name
    key = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "registry"
    return f"pulp-{key}" if key == "crates-io" or key[0].isdigit() else key


def default_path() -> Path:
    """Return cargo's own file; the name without `.toml` takes precedence, as in cargo."""
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    old = home / "credentials"
    return old if old.exists() else home / "credentials.toml"


class Credentials:
    """The token of a registry in a credentials.toml."""

    def __init__(self, path: Path, registry: str) -> None:
        """Read a file, which may be missing; raises NotWritable."""
        self.path = path.resolve()
        self.registry = registry
        try:
            text = self.path.read_text() if self.path.exists() else ""
            self._document = tomlkit.parse(text)
        except (OSError, ValueError, TOMLKitError) as error:
            raise NotWritable(f"'{path}' cannot be read as TOML: {error}") from error
        registries = self._document.setdefault("registries", tomlkit.table(is_super_table=True))
        is_table = isinstance(registries, MutableMapping)
        own = registries.setdefault(registry, tomlkit.table()) if is_table else None
        if not isinstance(own, MutableMapping):
            raise NotWritable(f"In '{path}', `registries.{registry}` is not a table.")
        self._own = own
        folder = next(one for one in self.path.parents if one.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise NotWritable(f"'{folder}' is not a folder, or you may not write to it.")

    def save(self, token: str) -> None:
        """Set the token, and leave everything else unchanged; raises OSError."""
        self._own["token"] = token
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp creates files that only their owner can read.
        handle, name = tempfile.mkstemp(dir=self.path.parent, prefix=".credentials-")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(tomlkit.dumps(self._document))
            os.replace(name, self.path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
