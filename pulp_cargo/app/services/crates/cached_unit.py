"""A .crate file of an upstream registry as the content unit it becomes.

What its Cargo.toml says holds, as for every crate. Where that is not what could be published here,
dependencies and features are the upstream's word, and the unit is that remote's alone
(`rules/metadata_source`); what describes the crate is still read.
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
from pulp_cargo.protocol.upstream_line import with_absolute_registries

log = logging.getLogger(__name__)


def unit_of_upstream(
    readers: CrateReaders, line: str, file: IncomingFile, registry: str, remote: UUID
) -> CrateContent:
    """Return the unsaved unit of a file and its line in the upstream's index.

    `registry` is the URL by which dependencies name that upstream, `remote` our record of it. Raises RegistryError where even
    the line cannot be read.
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
    except RegistryError as error:
        fault = str(error)
    log.info("`%s %s` is stored by its index line: %s", entry.name, entry.vers, fault)
    return build_unit.of_index_line(entry, pubtime=pubtime, remote=remote, package=package)


def _time(pubtime: str | None) -> datetime:
    return datetime.fromisoformat(pubtime) if pubtime else datetime.now(UTC)
