"""Cargo.lock: the exact versions that a project uses (Cargo Book, "Cargo.toml vs Cargo.lock").

    format 1   no `version`; checksums in `[metadata]`; the oldest have the project in `[root]`
    format 2   no `version`; checksums beside the packages
    format 3   `version = 3`; a git branch called `master` is written out
    format 4   `version = 4`; the branch, tag or rev of a git source is percent-encoded

Unknown keys and tables are ignored, as in cargo, and so is `[[patch.unused]]`, since it is not
built.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pulp_cargo.protocol.errors import BadRequest, InvalidLockFile, TooLarge
from pulp_cargo.protocol.index import CKSUM
from pulp_cargo.protocol.lock_source import LockSource, parse_lock_source
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.table import Table
from pulp_cargo.protocol.toml import parse_toml

# A package takes 200 bytes, or 400 with its dependencies; few projects have 2,000 of them.
MAX_SIZE = 2 * 1024 * 1024
MAX_PACKAGES = 10_000

# Formats 1 and 2 differ in where the checksums are; cargo refuses them as numbers.
_FORMATS = (None, 3, 4)
_CHECKSUM_OF = "checksum "

_Key = tuple[str, str, LockSource]


@dataclass(frozen=True, slots=True)
class LockedPackage:
    """A package; `source` is None for a path dependency, `cksum` if the file has none for it.

    A `replaced` package must be in the registry's index, but another package is built instead.
    """

    name: str
    vers: str
    source: LockSource
    cksum: str | None
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class LockFile:
    """The packages of a project, in the order of the file; `[root]` comes first."""

    packages: tuple[LockedPackage, ...]


def parse_lock_file(data: bytes | str) -> LockFile:
    """Parse a Cargo.lock, or raise InvalidLockFile or TooLarge with the reason.

    >>> parse_lock_file('[[package]]\\nname = "a"\\nversion = "1.0.0"').packages
    (LockedPackage(name='a', vers='1.0.0', source=None, cksum=None, replaced=False),)
    """
    lock = _parse_toml(data)
    _require_known_format(lock)
    packages = _packages(lock)
    checksums = _old_checksums(lock.table("metadata"))
    if checksums:
        mixed = lock.values.get("version") or any(p.cksum for p in packages.values())
        # Cargo treats checksums in both places as a failed merge, and ignores them all.
        found = {} if mixed else checksums
        packages = {key: replace(p, cksum=found.get(key)) for key, p in packages.items()}
    return LockFile(tuple(packages.values()))


def _parse_toml(data: bytes | str) -> Table:
    if isinstance(data, str):
        data = data.encode(errors="surrogatepass")
    if len(data) > MAX_SIZE:
        raise TooLarge(f"the lock file has {len(data)} bytes, more than {MAX_SIZE}")
    # Cargo accepts the byte order mark that some editors write.
    return parse_toml(data, "the lock file", InvalidLockFile, encoding="utf-8-sig")


def _require_known_format(lock: Table) -> None:
    number = lock.number_or_none("version")
    if number not in _FORMATS:
        raise InvalidLockFile(
            f"the lock file has the format `version = {number}`; only the formats up to 4 are"
            " supported (1 and 2 have no number)"
        )
    # Cargo treats an empty file like a missing one. If it passed, so would any other kind of file.
    if not lock.values.keys() & {"version", "package", "root"}:
        raise InvalidLockFile("the lock file has neither a `version` nor packages")


def _packages(lock: Table) -> dict[_Key, LockedPackage]:
    packages: dict[_Key, LockedPackage] = {}
    for table in _tables(lock):
        package = _package(table)
        key = (package.name, package.vers, package.source)
        if key in packages:
            raise InvalidLockFile(
                f"the package `{package.name} {package.vers}` is in the lock file twice"
            )
        packages[key] = package
        if len(packages) > MAX_PACKAGES:
            raise TooLarge(f"the lock file has more than {MAX_PACKAGES} packages")
    return packages


def _tables(lock: Table) -> Iterator[Table]:
    if "root" in lock.values:
        yield lock.table("root")
    if "package" in lock.values:
        yield from lock.list_of_tables("package")


def _package(table: Table) -> LockedPackage:
    name = table.text("name")
    # Cargo's notation `name vers (source)` allows no other names.
    if not name.isprintable() or not name or " " in name:
        raise InvalidLockFile(f"{name!r} in the lock file is not the name of a package")
    try:
        return LockedPackage(
            name=name,
            vers=str(parse_version(table.text("version"))),
            source=parse_lock_source(table.text_or_none("source")),
            cksum=_cksum(table.text_or_none("checksum")),
            replaced=table.text_or_none("replace") is not None,
        )
    except BadRequest as error:
        raise InvalidLockFile(f"the package `{name[:80]}` in the lock file: {error}") from error


def _old_checksums(metadata: Table) -> dict[_Key, str | None]:
    """Return the checksums of format 1; the key of each is `checksum name vers (source)`."""
    found: dict[_Key, str | None] = {}
    for key in metadata.values:
        value = metadata.text(key)
        if key.startswith(_CHECKSUM_OF):
            package = _package_id(key.removeprefix(_CHECKSUM_OF))
            found[package] = _cksum(None if value == "<none>" else value)
    return found


def _package_id(text: str) -> _Key:
    name, _, rest = text.partition(" ")
    vers, _, source = rest.partition(" ")
    if source and not (source.startswith("(") and source.endswith(")")):
        raise InvalidLockFile(f"{text!r} in the lock file is not `name vers (source)`")
    try:
        return name, vers, parse_lock_source(source[1:-1] or None)
    except BadRequest as error:
        raise InvalidLockFile(f"{text[:200]!r} in the lock file: {error}") from error


def _cksum(value: str | None) -> str | None:
    if value is not None and not CKSUM.fullmatch(value):
        raise InvalidLockFile(f"the checksum {value[:80]!r} is not 64 lower-case hex digits")
    return value
