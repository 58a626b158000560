"""All that a registry must know of a .crate file, read under its limits.

What takes long here takes the interpreter from everybody else in the process: servers have it done
in a process of its own (`pulp_cargo.reader`).
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import BinaryIO

from pulp_cargo.protocol.crate_file import CrateFile, read_crate_file
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.features import check_features
from pulp_cargo.protocol.manifest import Manifest, parse_manifest, read_package
from pulp_cargo.rules.limits import PublishLimits, require_within

# What a registry allows to publish is not what it caches; but nobody's manifest may cost too much.
AS_ON_CRATES_IO = PublishLimits()


@dataclass(frozen=True, slots=True)
class UpstreamCrate:
    """What a file of an upstream tells: a manifest as it would be published here, or parts of one.

    `package` has what describes the crate where `manifest` is None; `fault` says why that is so.
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
    strict: bool = True,
) -> tuple[Manifest, CrateFile]:
    """Return manifest and contents of a file that is published; raises RegistryError.

    Without `strict` it was published elsewhere, and its paths are what cargo makes of them.
    """
    read = partial(
        read_crate_file,
        file,
        name=name,
        vers=vers,
        limits=limits.of_crate_file(),
        strict=strict,
    )
    crate_file = read()
    manifest = parse_manifest(crate_file.manifest, limits.dependencies)
    if manifest.readme and crate_file.readme(manifest.readme) is None:
        # It is not in the root; only the manifest could tell where it is.
        file.seek(0)
        wanted = manifest.readme.removeprefix("./")
        crate_file = read(wanted=wanted)
    crate_file.require_root_of(manifest.name, manifest.vers)
    judge_manifest(manifest, limits)
    return manifest, replace(crate_file, manifest=b"")


def judge_manifest(manifest: Manifest, limits: PublishLimits) -> None:
    """Raise where a manifest has too much of anything, or features that cargo would refuse."""
    require_within(manifest, limits)
    check_features(manifest.features, manifest.deps)


def read_upstream(file: BinaryIO, *, name: str, vers: str, limits: PublishLimits) -> UpstreamCrate:
    """Return what a file tells that was published elsewhere; raises RegistryError.

    What cargo makes of it counts, and not what may be published here today.
    """
    crate_file = read_crate_file(
        file, name=name, vers=vers, limits=limits.of_crate_file(), strict=False
    )
    try:
        manifest = parse_manifest(crate_file.manifest, AS_ON_CRATES_IO.dependencies)
        crate_file.require_root_of(manifest.name, manifest.vers)
        judge_manifest(manifest, AS_ON_CRATES_IO)
    except RegistryError as fault:
        package = dict(read_package(crate_file.manifest))
        return UpstreamCrate(None, package, None, str(fault))
    return UpstreamCrate(manifest, None, crate_file.readme(manifest.readme))
