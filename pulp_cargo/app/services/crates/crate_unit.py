"""Building content units from .crate files, in the ways that imports and uploads share."""

from collections.abc import Collection
from datetime import datetime
from typing import BinaryIO

from django.conf import settings

from pulp_cargo.app.models import CargoRepository, CrateContent
from pulp_cargo.app.queries.crates.by_name import builds
from pulp_cargo.app.queries.registry.own_urls import own_urls
from pulp_cargo.app.services.crates import build_unit
from pulp_cargo.protocol.crate_file import CrateFile, Origin
from pulp_cargo.protocol.errors import RuleBroken, TooLarge, VersionExists
from pulp_cargo.protocol.manifest import Manifest
from pulp_cargo.rules.crates_io import complaints
from pulp_cargo.rules.limits import PublishLimits
from pulp_cargo.rules.metadata_source import NO_TIME
from pulp_cargo.rules.read_crate import read_published


def limits() -> PublishLimits:
    """The limits in the settings."""
    return PublishLimits(
        max_crate_bytes=settings.CARGO_MAX_CRATE_BYTES,
        unpacked_bytes=settings.CARGO_MAX_UNPACKED_BYTES,
        entries=settings.CARGO_MAX_ENTRIES,
        features=settings.CARGO_MAX_FEATURES,
        feature_values=settings.CARGO_MAX_FEATURES,
        dependencies=settings.CARGO_MAX_DEPENDENCIES,
    )


def require_size(size: int) -> None:
    """Raise TooLarge for a .crate file of more bytes than the settings allow."""
    limit = settings.CARGO_MAX_CRATE_BYTES
    if size > limit:
        raise TooLarge(
            f"the crate file has {size} bytes, but this registry accepts at most {limit}"
        )


def strict_urls(repository: CargoRepository | None) -> Collection[str] | None:
    """Return the URLs of a repository that enforces the rules of crates.io, None for any other."""
    if repository is None or not repository.crates_io_rules:
        return None
    return own_urls(repository)


def require_new_number(repository: CargoRepository, unit: CrateContent) -> None:
    """Raise VersionExists if a repository has the version with other build metadata.

    This is for new versions; copies of other registries only have to meet `models/invariants`.
    """
    number = unit.canonical_name, unit.vers_key
    there = builds(repository.pk, {number})[number]
    if there and unit.vers not in there:
        raise VersionExists(unit.name, unit.vers, same_bytes=False)


def unit_of_file(
    file: BinaryIO,
    *,
    cksum: str,
    pubtime: datetime,
    strict: Collection[str] | None,
    origin: Origin = Origin.HERE,
    time_source: str = NO_TIME,
) -> CrateContent:
    """Return the unit of a .crate file that comes without cargo's JSON; raises RegistryError.

    `strict` is the result of `strict_urls` for the repository. Without a `time_source` the index does
    not show the `pubtime`.
    """
    manifest, crate_file = read_published(
        file, name=None, vers=None, limits=limits(), origin=origin
    )
    return unit_of_foreign(
        manifest, crate_file, cksum=cksum, pubtime=pubtime, strict=strict, time_source=time_source
    )


def unit_of_foreign(
    manifest: Manifest,
    crate_file: CrateFile,
    *,
    cksum: str,
    pubtime: datetime,
    strict: Collection[str] | None,
    time_source: str = NO_TIME,
) -> CrateContent:
    """Return the unit of a file that was read and came without cargo's JSON; raises RuleBroken."""
    broken = [] if strict is None else list(complaints(manifest, own_urls=strict))
    if broken:
        raise RuleBroken(broken)
    readme = readme_text(crate_file, manifest)
    return build_unit.of_manifest(
        manifest, cksum=cksum, readme=readme, pubtime=pubtime, time_source=time_source
    )


def readme_text(crate_file: CrateFile, manifest: Manifest) -> str | None:
    """Return the readme in the file as text that PostgreSQL can store, None without one."""
    return storable_text(crate_file.readme(manifest.readme))


def storable_text(data: bytes | None) -> str | None:
    """Return a readme's bytes as text that PostgreSQL can store."""
    return (
        None
        if data is None
        else data.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    )
