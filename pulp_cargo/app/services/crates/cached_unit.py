"""Building the content unit of a .crate file of an upstream registry.

The metadata are those of its Cargo.toml, as for every crate. If that could not be published here,
dependencies and features are those of the upstream's index, and the unit is used for that remote
only (`rules/metadata_source`); the descriptive fields are still read from the file.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.services.crates import build_unit, crate_unit
from pulp_cargo.app.services.crates.crate_reader import CrateReaders
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.index import parse_line
from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.protocol.upstream_line import with_absolute_registries

log = logging.getLogger(__name__)


def unit_of_upstream(
    readers: CrateReaders, line: str, file: IncomingFile, registry: str, remote: UUID
) -> CrateContent:
    """Return the unsaved unit of a file and its line in the upstream's index.

    `registry` is the URL for dependencies on the upstream itself, `remote` the id of its remote.
    Raises RegistryError if the line cannot be read either, and ServiceUnavailable if the file cannot
    be read just now.
    """
    entry = parse_line(with_absolute_registries(line, registry))
    pubtime = _time(entry.pubtime)
    package: Mapping[str, object] = {}
    try:
        found = readers.read_upstream(
            file.path, name=entry.name, vers=entry.vers, limits=crate_unit.limits()
        )
        if found.manifest is not None:
            readme = crate_unit.storable_text(found.readme)
            return build_unit.of_manifest(
                found.manifest, cksum=entry.cksum, readme=readme, pubtime=pubtime
            )
        fault, package = found.fault, found.package or {}
    except ServiceUnavailable:
        # What is wrong at the moment says nothing about the file, and would be stored forever.
        raise
    except RegistryError as error:
        fault = str(error)
    log.info(
        "The metadata of `%s %s` are taken from its index line: %s", entry.name, entry.vers, fault
    )
    return build_unit.of_index_line(entry, pubtime=pubtime, remote=remote, package=package)


def _time(pubtime: str | None) -> datetime:
    return datetime.fromisoformat(pubtime) if pubtime else datetime.now(UTC)
