"""The data directory: where each thing lies, and that only one launcher uses it."""

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
    """The places below one root."""

    root: Path

    @property
    def instance(self) -> str:
        """A short name that tells this registry's processes from another's in one database."""
        return sha256(bytes(self.root)).hexdigest()[:10]

    @property
    def postgres(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.root / "postgres"

    @property
    def media(self) -> Path:
        """The crates."""
        return self.root / "media"

    @property
    def tmp(self) -> Path:
        """Unfinished uploads, on the file system of `media` so that they can be renamed into it."""
        return self.root / "tmp"

    @property
    def assets(self) -> Path:
        """Static files of the REST API's pages."""
        return self.root / "assets"

    @property
    def exports(self) -> Path:
        """Where Pulp's exporters may write, and its importers may read."""
        return self.root / "exports"

    @property
    def settings_file(self) -> Path:
        """What `PULP_SETTINGS` names."""
        return self.root / "settings.py"

    @property
    def encryption_key(self) -> Path:
        """What `DB_ENCRYPTION_KEY` names."""
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
                # PostgreSQL does not run as root, and its account has to get through.
                self.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
            made = (self.media, self.tmp, self.assets, self.exports, self.log("any").parent)
            for path in made:
                # Others may pass through the root, so what is in it is closed to them.
                path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise ServeError(
                f"cannot use {self.root}: {error.strerror}; give another --data-dir"
            ) from error

    def lock(self) -> IO[str]:
        """Keep other launchers away for as long as the returned file is open."""
        file = (self.root / "lock").open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise ServeError(
                f"{self.root} is in use by another pulp-cargo serve (process {file.read().strip()});"
                " stop it, or give another --data-dir"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file


def kept_secret(path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
    """Return the secret in a file, which is made on first use and readable by its owner only."""
    if not path.exists():
        write_secret(path, make())
    return path.read_text().strip()


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, complete or not at all."""
    unfinished = path.with_name(f"{path.name}.new")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w") as file:
        file.write(f"{text}\n")
        file.flush()
        os.fsync(descriptor)
    unfinished.rename(path)
