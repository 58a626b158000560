"""The index files of a registry, each from one indexed query."""

from collections.abc import Iterable
from dataclasses import dataclass

from pulp_cargo.app.queries.registry.registry import RegistryUrls
from pulp_cargo.app.queries.repository.membership import (
    IS_MEMBER,
    SERVED,
    ServedVersion,
    rows_of,
)
from pulp_cargo.protocol.index_file import as_yanked, render_file, strong_etag, with_own_registry
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.packed_index import pack_tightly
from pulp_cargo.protocol.semver import parse_version

# A file smaller than this gains nothing from compression.
GZIP_FROM = 300

INDEX_LINES = f"""
    WITH {SERVED}, yanked AS (
        SELECT coalesce(array_agg(unit.vers), '{{}}') AS versions
        FROM served CROSS JOIN cargo_crateyank unit {IS_MEMBER}
        WHERE unit.canonical_name = %(name)s
    ), found AS (
        SELECT unit.name, unit.vers, unit.pubtime, unit.index_line, unit.registries
        FROM served CROSS JOIN cargo_cratecontent unit {IS_MEMBER}
        WHERE unit.canonical_name = %(name)s
    )
    SELECT f.name, f.vers, f.pubtime, f.index_line, f.registries, f.vers = ANY(yanked.versions)
    FROM served CROSS JOIN yanked LEFT JOIN found f ON true
"""


@dataclass(frozen=True, slots=True)
class IndexFile:
    """The bytes of an index file as they are sent; `gzipped` is None for a small one."""

    body: bytes
    gzipped: bytes | None
    etag: str


def index_file(served: ServedVersion, urls: RegistryUrls, lower_name: str) -> IndexFile | None:
    """Return a crate's index file, or None if the repository version has no crate of that spelling.

    `urls` are those of the registry that serves it. Lines are in the order of publication and then
    of SemVer, so that the bytes change only with the data. Raises VersionGone.
    """
    found = rows_of(served, INDEX_LINES, name=canonical_name(lower_name))
    # The index path distinguishes hyphens from underscores (Cargo Book, "Index Files"). The outer
    # join returns one empty row for a missing crate.
    rows = [row for row in found if row[0] is not None and row[0].lower() == lower_name]
    if not rows:
        return None
    rows.sort(key=lambda row: (row[2], parse_version(row[1])))
    body = render_file(line_of(urls, *row[3:]) for row in rows)
    gzipped = pack_tightly(body) if len(body) >= GZIP_FROM else None
    return IndexFile(body=body, gzipped=gzipped, etag=strong_etag(body))


def line_of(urls: RegistryUrls, line: str, registries: list[str], yanked: bool) -> str:
    """Return the stored line of a version as a registry serves it."""
    return served_line(line, urls.null_in(registries), yanked)


def served_line(line: str, null: Iterable[str], yanked: bool) -> str:
    """Return the stored line of a version in which the given registries are null."""
    line = with_own_registry(line, null)
    return as_yanked(line) if yanked else line
