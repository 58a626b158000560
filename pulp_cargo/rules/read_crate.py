"""Reading everything that a registry needs of a .crate file, under its limits.

This may block the interpreter for long, so servers run it in a process of its own
(`pulp_cargo.reader`).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from pulp_cargo.protocol.crate_file import CrateFile, Origin, read_crate_file
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.features import check_features
from pulp_cargo.protocol.manifest import Manifest, parse_manifest, read_package
from pulp_cargo.rules.limits import PublishLimits, require_within

# Publish limits do not apply to cached crates, but the cost of a manifest must be bounded.
AS_ON_CRATES_IO = PublishLimits()


@dataclass(frozen=True, slots=True)
class UpstreamCrate:
    """The metadata in a file of an upstream: a manifest that is valid here, or parts of one.

    If `manifest` is None, `package` has the descriptive fields, and `fault` the reason.
    """

    manifest: Manifest | None
    package: dict[str, object] | None
    readme: bytes | None
    fault: str | None = None


def read_published(
    file: BinaryIO,
    *,
    name: str | None,
    vers: str | None,
    limits: PublishLimits,
    origin: Origin = Origin.HERE,
) -> tuple[Manifest, CrateFile]:
    """Read manifest and contents of a published file; raises RegistryError."""
    read = partial(
        read_crate_file,
        file,
        name=name,
        vers=vers,
        limits=limits.of_crate_file(),
        origin=origin,
    )
    crate_file = read()
    manifest = parse_manifest(crate_file.manifest, limits.dependencies)
    if manifest.readme and crate_file.readme(manifest.readme) is None:
        # It is not in the root, and its path is only known from the manifest.
        file.seek(0)
        wanted = manifest.readme.removeprefix("./")
        crate_file = read(wanted=wanted)
    crate_file.require_root_of(manifest.name, manifest.vers)
    check_manifest(manifest, limits)
    return manifest, replace(crate_file, manifest=b"")


def check_manifest(manifest: Manifest, limits: PublishLimits) -> None:
    """Raise if a manifest exceeds a limit, or has features that cargo would refuse."""
    require_within(manifest, limits)
    check_features(manifest.features, manifest.deps)


def read_upstream(file: BinaryIO, *, name: str, vers: str, limits: PublishLimits) -> UpstreamCrate:
    """Read a file that was published elsewhere; raises RegistryError.

    It is read as cargo reads it, not by the rules for publishing here.
    """
    crate_file = read_crate_file(
        file, name=name, vers=vers, limits=limits.of_crate_file(), origin=Origin.UPSTREAM
    )
    try:
        manifest = parse_manifest(crate_file.manifest, AS_ON_CRATES_IO.dependencies)
        crate_file.require_root_of(manifest.name, manifest.vers)
        check_manifest(manifest, AS_ON_CRATES_IO)
    except RegistryError as fault:
        package = dict(read_package(crate_file.manifest))
        return UpstreamCrate(None, package, None, str(fault))
    return UpstreamCrate(manifest, None, crate_file.readme(manifest.readme))
