"""TOML files that belong to the user: a few keys are set, and all others left as they are."""

import os
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError

from pulp_cargo.serve.errors import ServeError


class TomlFile:
    """A file that may be missing; everything that is not set is left unchanged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # A link stays one: its target is replaced.
        self._target = path.resolve()
        try:
            self._text = self._target.read_text() if self._target.exists() else ""
            self._document = tomlkit.parse(self._text)
        except (OSError, ValueError, TOMLKitError) as error:
            raise ServeError(f"{path} cannot be read as TOML: {error}") from error

    def get(self, *keys: str) -> object:
        """Return the value at nested keys, None if it is missing."""
        value: object = self._document
        for key in keys:
            if not isinstance(value, MutableMapping) or key not in value:
                return None
            value = value[key]
        return value.unwrap() if hasattr(value, "unwrap") else value

    def set(self, keys: tuple[str, ...], value: str | bool) -> None:
        """Set the value at nested keys, and make the tables that are missing."""
        *tables, last = keys
        place: MutableMapping[str, object] = self._document
        for depth, key in enumerate(tables, 1):
            if key not in place:
                place[key] = tomlkit.table(is_super_table=depth < len(tables))
            below = place[key]
            if not isinstance(below, MutableMapping):
                raise ServeError(f"{self.path}: `{'.'.join(tables[:depth])}` is not a table")
            place = below
        place[last] = value

    def save(self, *, has_secrets: bool) -> None:
        """Write the file; one with secrets is then readable by its owner only."""
        try:
            mode = None if has_secrets or not self.exists else self._target.stat().st_mode
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._write(tomlkit.dumps(self._document), mode)
        except OSError as error:
            raise ServeError(f"{self.path} cannot be written: {error.strerror}") from error

    @property
    def exists(self) -> bool:
        """Whether there is such a file."""
        return self._target.exists()

    def back_up(self) -> Path:
        """Copy the file to a new one beside it."""
        number = 1
        while (copy := self._target.with_name(f"{self._target.name}.bak{number}")).exists():
            number += 1
        try:
            shutil.copy2(self._target, copy)
        except OSError as error:
            raise ServeError(f"{copy} cannot be written: {error.strerror}") from error
        return copy

    def _write(self, text: str, mode: int | None) -> None:
        # mkstemp creates files that only their owner can read.
        handle, name = tempfile.mkstemp(dir=self._target.parent, prefix=f".{self._target.name}-")
        try:
            with os.fdopen(handle, "w") as file:
                if mode is not None:
                    os.fchmod(handle, mode & 0o777)
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._target)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise


def short(path: Path) -> str:
    """Return a path as people write it, with `~` for their home directory."""
    try:
        return f"~/{path.relative_to(Path.home())}"
    except (ValueError, RuntimeError):
        return str(path)
