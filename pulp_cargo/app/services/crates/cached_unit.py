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
from pulp_cargo.app.services.crates import crate_reader, crate_unit
from pulp_cargo.app.services.crates.incoming_file import IncomingFile
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.index import IndexEntry, parse_line, render_line
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.upstream_line import with_absolute_registries
from pulp_cargo.rules.metadata_source import word_of

log = logging.getLogger(__name__)


def unit_of_upstream(line: str, file: IncomingFile, registry: str, remote: UUID) -> CrateContent:
    """Return the unsaved unit of a file and its line in the upstream's index.

    `registry` is the URL by which dependencies name that upstream, `remote` our record of it. Raises RegistryError where even
    the line cannot be read.
    """
    entry = parse_line(with_absolute_registries(line, registry))
    pubtime = _time(entry.pubtime)
    package: Mapping[str, object] = {}
    try:
        found = crate_reader.read_upstream(
            file.path, name=entry.name, vers=entry.vers, limits=crate_unit.limits()
        )
        if found.manifest is not None:
            readme = crate_unit.storable_text(found.readme)
            return crate_unit.unit_of(
                found.manifest, cksum=entry.cksum, readme=readme, pubtime=pubtime
            )
        fault, package = found.fault, found.package or {}
    except RegistryError as error:
        fault = str(error)
    log.info("`%s %s` is stored by its index line: %s", entry.name, entry.vers, fault)
    return _unit_of_line(entry, pubtime, remote, package)


def _unit_of_line(
    entry: IndexEntry, pubtime: datetime, remote: UUID, package: Mapping[str, object]
) -> CrateContent:
    line = render_line(entry)
    urls = {dep.registry for dep in entry.deps if dep.registry not in (None, CRATES_IO)}
    return CrateContent(
        name=entry.name,
        canonical_name=canonical_name(entry.name),
        vers=entry.vers,
        vers_key=parse_version(entry.vers).without_build,
        cksum=entry.cksum,
        pubtime=pubtime,
        index_line=line,
        metadata_source=word_of(remote, {"index_line": line, **package}),
        dependency_names=sorted({dep.package or dep.name for dep in entry.deps}),
        registries=sorted(url for url in urls if url),
        links=entry.links,
        rust_version=entry.rust_version,
        **package,
    )


def _time(pubtime: str | None) -> datetime:
    return datetime.fromisoformat(pubtime) if pubtime else datetime.now(UTC)
