"""The columns of a crate version, with one function for each source of its metadata.

The source is the manifest in its .crate file, a line of an upstream's index, or a line of another
Pulp's listing. Columns that are derived from the metadata are computed in one place.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from pulp_cargo.app.models import CrateContent
from pulp_cargo.protocol.index import IndexEntry, render_line
from pulp_cargo.protocol.listing import ListedCrate
from pulp_cargo.protocol.manifest import PACKAGE_LISTS, PACKAGE_TEXTS, Manifest
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.metadata_source import FILE, NO_TIME, word_of

# The columns with unchanged metadata; each function sets all of them.
DESCRIPTION = ("links", "rust_version", *PACKAGE_TEXTS, *PACKAGE_LISTS, "readme")


def of_manifest(
    manifest: Manifest,
    *,
    cksum: str,
    readme: str | None,
    pubtime: datetime,
    time_source: str,
) -> CrateContent:
    """Return the unsaved unit of a file that was read here.

    Its index line has the `pubtime` only if that has a source (`rules/metadata_source`). Otherwise it
    is when the file arrived: a version that was published elsewhere at an unknown time would seem
    too young to cargo.
    """
    pubtime = pubtime.replace(microsecond=0)
    # Years before 1000 are not padded, and cargo reads four digits.
    shown = None if time_source == NO_TIME else f"{pubtime:%Y-%m-%dT%H:%M:%SZ}".zfill(20)
    entry = manifest.entry(cksum, shown)
    described = {
        "links": manifest.links,
        "rust_version": manifest.rust_version,
        "edition": manifest.edition,
        "description": manifest.description,
        "license": manifest.license,
        "license_file": manifest.license_file,
        "homepage": manifest.homepage,
        "documentation": manifest.documentation,
        "repository_url": manifest.repository,
        "keywords": list(manifest.keywords),
        "categories": list(manifest.categories),
        "authors": list(manifest.authors),
        "readme": readme,
    }
    unit = _build(entry, render_line(entry), FILE, pubtime, described)
    unit.time_source = time_source
    return unit


def of_index_line(
    entry: IndexEntry, *, pubtime: datetime, remote: UUID, package: Mapping[str, object]
) -> CrateContent:
    """Return the unsaved unit of a file with the metadata of an upstream's index entry.

    `package` is the result of `read_package`, or empty. There is no readme, since an unreadable
    manifest does not tell which file it is.
    """
    line = render_line(entry)
    described = {
        **dict.fromkeys(PACKAGE_TEXTS),
        **{name: [] for name in PACKAGE_LISTS},
        **package,
        "links": entry.links,
        "rust_version": entry.rust_version,
        "readme": None,
    }
    source = word_of(remote, {"index_line": line, **package})
    return _build(entry, line, source, pubtime, described)


def of_listing(crate: ListedCrate, source: str) -> CrateContent:
    """Return the unsaved unit of a line of a listing, with the given `metadata_source`."""
    # The upstream does not know either when a version without a time was published.
    pubtime = crate.pubtime or datetime.now(UTC)
    lists = {name: list(values) for name, values in crate.lists.items()}
    return _build(crate.entry, crate.line, source, pubtime, {**crate.texts, **lists})


def _build(
    entry: IndexEntry,
    line: str,
    source: str,
    pubtime: datetime,
    described: Mapping[str, object],
) -> CrateContent:
    return CrateContent(
        name=entry.name,
        canonical_name=canonical_name(entry.name),
        vers=entry.vers,
        vers_key=parse_version(entry.vers).without_build,
        cksum=entry.cksum,
        pubtime=pubtime,
        metadata_source=source,
        index_line=line,
        dependency_names=sorted({dep.package or dep.name for dep in entry.deps}),
        registries=sorted(
            {dep.registry for dep in entry.deps if dep.registry and dep.registry != CRATES_IO}
        ),
        # A missing column raises KeyError.
        **{column: described[column] for column in DESCRIPTION},
    )
