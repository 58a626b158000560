"""The data directory: its layout, and the lock against a second launcher."""

import fcntl
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO

from pulp_cargo.serve.errors import ServeError


@dataclass(frozen=True, slots=True)
class DataDir:
    """The paths below the root."""

    root: Path

    @property
    def instance(self) -> str:
        """A short name that identifies this registry's processes in a shared database."""
        return sha256(bytes(self.root)).hexdigest()[:10]

    @property
    def postgres(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.root / "postgres"

    @property
    def media(self) -> Path:
        """The stored crates."""
        return self.root / "media"

    @property
    def tmp(self) -> Path:
        """Unfinished uploads, on the file system of `media` so that they can be moved by renaming."""
        return self.root / "tmp"

    @property
    def assets(self) -> Path:
        """Static files of the REST API."""
        return self.root / "assets"

    @property
    def exports(self) -> Path:
        """Where Pulp's exporters may write and importers may read."""
        return self.root / "exports"

    @property
    def settings_file(self) -> Path:
        """The file for `PULP_SETTINGS`."""
        return self.root / "settings.py"

    @property
    def encryption_key(self) -> Path:
        """The file for `DB_ENCRYPTION_KEY`."""
        return self.root / "database-encryption-key"

    @property
    def secret_key(self) -> Path:
        """Django's `SECRET_KEY`."""
        return self.root / "secret-key"

    @property
    def admin_password(self) -> Path:
        """The password of the user `admin`."""
        return self.root / "admin-password"

    @property
    def token(self) -> Path:
        """The first registry's token."""
        return self.root / "token"

    def log(self, name: str) -> Path:
        """Return the log file of one process."""
        return self.root / "logs" / f"{name}.log"

    def create(self) -> None:
        """Make the directories that are missing."""
        try:
            if not self.root.exists():
                self.root.mkdir(parents=True)
                # PostgreSQL does not run as root, and its account must be able to enter.
                self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
            made = (self.media, self.tmp, self.assets, self.exports, self.log("any").parent)
            for path in made:
                # Others may enter the root, so its contents are closed to them.
                path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ServeError(
                f"cannot use {self.root}: {error.strerror}; use another --data-dir"
            ) from error

    def lock(self) -> IO[str]:
        """Lock the directory against other launchers for as long as the returned file is open."""
        file = (self.root / "lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ServeError(
                f"{self.root} is in use by another pulp-cargo serve (process"
                f" {file.read().strip()}); stop it, or use another --data-dir"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file


def kept_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
    """Return the secret in a file, which is created on first use, readable by its owner only."""
    if not path.exists():
        write_secret(path, make())
    return path.read_text().strip()


def write_secret(path: Path, text: str) -> None:
    """Atomically write a file that only its owner can read."""
    unfinished = path.with_name(f"{path.name}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(descriptor)
    unfinished.rename(path)
