"""The index lines of many crates of a repository, for searches through their dependencies."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pulp_cargo.app.models.membership import ends_of, is_in, is_yanked
from pulp_cargo.app.queries.registry.registry import RegistryUrls
from pulp_cargo.app.queries.repository.head import LATEST
from pulp_cargo.app.queries.repository.membership import IS_MEMBER
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.protocol.index_file import with_own_registry
from pulp_cargo.protocol.names import CRATE_NAME, canonical_name

# Maximum number of crates in a query.
BATCH = 500
# Maximum number of members in a page of a whole repository.
PAGE = 2_000

# An artifact is the file itself; a remote artifact is a place to fetch it from.
HAS_FILE = """EXISTS (
    SELECT 1 FROM core_contentartifact ca WHERE ca.content_id = unit.content_ptr_id
    AND (ca.artifact_id IS NOT NULL OR EXISTS (
        SELECT 1 FROM core_remoteartifact ra WHERE ra.content_artifact_id = ca.pulp_id
    ))
)"""
IS_YANKED = is_yanked("%(repository)s", "served.number")
_OF_NAMES = f"""
    FROM served CROSS JOIN unnest(%(names)s::text[]) wanted (name)
    JOIN cargo_cratecontent unit ON unit.canonical_name = wanted.name {IS_MEMBER}
"""
LINES = f"""
    WITH {LATEST}, served AS (SELECT number FROM latest)
    SELECT unit.name, unit.vers, unit.cksum, unit.content_ptr_id, {IS_YANKED}, {HAS_FILE},
        unit.pubtime, unit.license, unit.index_line, unit.registries
    {_OF_NAMES}
"""
VERSIONS = f"""
    WITH {LATEST}, served AS (SELECT number FROM latest)
    SELECT unit.name, unit.vers, {IS_YANKED}, unit.license {_OF_NAMES}
"""
# `passed` is a range of the index on (repository, content, version_added), whether or not its rows
# belong to the version; it includes yank marks.
ALL = f"""
    WITH {LATEST}, served AS (SELECT number FROM latest), passed AS (
        SELECT content_id, version_added_id, version_removed_id FROM core_repositorycontent
        WHERE repository_id = %(repository)s
        AND (content_id, version_added_id) > (%(content)s, %(added)s)
        ORDER BY content_id, version_added_id LIMIT {PAGE}
    )
    SELECT p.content_id, p.version_added_id, found.*
    FROM served CROSS JOIN passed p {ends_of("p")} LEFT JOIN LATERAL (
        SELECT unit.name, unit.vers, {IS_YANKED}, {HAS_FILE}, unit.license, unit.index_line,
            unit.registries
        FROM cargo_cratecontent unit
        WHERE unit.content_ptr_id = p.content_id AND {is_in("served.number")} OFFSET 0
    ) found ON true
    ORDER BY p.content_id, p.version_added_id
"""
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A version in a repository; `has_file` is whether its file is here or can be fetched."""

    name: str
    vers: str
    cksum: str
    unit: UUID
    yanked: bool
    has_file: bool
    published: datetime
    license: str | None
    line: str


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version in a repository, without its line."""

    name: str
    vers: str
    yanked: bool
    license: str | None
    line: str = ""


@dataclass(frozen=True, slots=True)
class AnyVersion:
    """A version among all of a repository; see `StoredLine`."""

    name: str
    vers: str
    yanked: bool
    has_file: bool
    license: str | None
    line: str


def lines_of(
    repository: UUID, urls: RegistryUrls, names: Collection[str]
) -> Mapping[str, list[StoredLine]]:
    """Return the versions of crates in the newest version of a repository, by canonical name.

    `urls` are null in the lines. Names may be any text; one query for `BATCH` of them.
    """
    found: defaultdict[str, list[StoredLine]] = defaultdict(list)
    for row in _rows(LINES, repository, names):
        *values, line, registries = row
        served = with_own_registry(line, urls.null_in(registries))
        found[canonical_name(row[0])].append(StoredLine(*(*values, served)))
    return found


def versions_of(repository: UUID, names: Collection[str]) -> Mapping[str, list[StoredVersion]]:
    """Return the same versions, by their names as they are spelled, without their lines."""
    found: defaultdict[str, list[StoredVersion]] = defaultdict(list)
    for row in _rows(VERSIONS, repository, names):
        found[row[0]].append(StoredVersion(*row))
    return found


def spelled(
    versions: Mapping[str, list[StoredLine]], names: Collection[str]
) -> dict[str, list[StoredLine]]:
    """Return versions of `lines_of` by the names that are spelled exactly so, as cargo needs them."""
    found = {
        name: [one for one in versions.get(canonical_name(name), ()) if one.name == name]
        for name in names
    }
    return {name: there for name, there in found.items() if there}


def all_versions(repository: UUID, urls: RegistryUrls) -> Iterator[AnyVersion]:
    """Yield all versions in the newest version of a repository, of which a page is in memory."""
    content = added = FIRST
    while True:
        values = {"repository": repository, "repositories": [repository]}
        rows = all_rows(ALL, values | {"content": content, "added": added})
        for _, _, name, vers, yanked, has_file, license, line, registries in rows:
            if name is not None:
                served = with_own_registry(line, urls.null_in(registries))
                yield AnyVersion(name, vers, yanked, has_file, license, served)
        if len(rows) < PAGE:
            return
        content, added = rows[-1][:2]


def _rows(query: str, repository: UUID, names: Collection[str]) -> Iterator[tuple[Any, ...]]:
    # Dependencies may have any text for a name, which no crate has.
    valid = sorted({canonical_name(name) for name in names if CRATE_NAME.fullmatch(name)})
    for start in range(0, len(valid), BATCH):
        wanted = valid[start : start + BATCH]
        values = {"repository": repository, "repositories": [repository], "names": wanted}
        yield from all_rows(query, values)
