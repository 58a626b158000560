"""What is known of the packages of a lock file, in a few statements for any number of them."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.models.membership import has_row, member_of
from pulp_cargo.app.queries.crates.crate_file import IS_SHARED
from pulp_cargo.app.queries.upstreams.stores import STORES_OF_REMOTE
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.protocol.packed_index import unpack
from pulp_cargo.rules.policies.crate_policy import StoredVersion

# A crate in canonical form and one of its versions, with its build metadata.
Key = tuple[str, str]
# An index file by its remote and its lower-case name.
File = tuple[UUID, str]

SERVED = """served AS (
    SELECT pulp_id, repository_id, number FROM core_repositoryversion
    WHERE pulp_id = ANY(%(versions)s) AND complete
)"""
# As in queries/repository/membership, for several repository versions at a time.
IS_MEMBER = member_of("served.repository_id", "served.number")
# Crates are found by their index on `vers_key`.
IS_WANTED = "unit.vers_key = split_part(wanted.vers, '+', 1) AND unit.vers = wanted.vers"
UNITS = f"""
    WITH {SERVED}, wanted AS (
        SELECT DISTINCT * FROM unnest(%(names)s::text[], %(wanted)s::text[]) w (name, vers)
    )
    SELECT served.pulp_id, wanted.name, wanted.vers, unit.name, unit.vers, unit.cksum,
        EXISTS (
            SELECT 1 FROM core_contentartifact ca
            WHERE ca.content_id = unit.content_ptr_id AND ca.artifact_id IS NOT NULL
        ),
        EXISTS (
            SELECT 1 FROM cargo_crateyank unit {IS_MEMBER}
            WHERE unit.canonical_name = wanted.name AND unit.vers = wanted.vers
        )
    FROM served CROSS JOIN wanted CROSS JOIN LATERAL (
        SELECT unit.* FROM cargo_cratecontent unit
        WHERE unit.canonical_name = wanted.name AND {IS_WANTED} OFFSET 0
    ) unit {IS_MEMBER}
"""
SPELLINGS = f"""
    WITH {SERVED}, wanted AS (SELECT DISTINCT name FROM unnest(%(names)s::text[]) w (name))
    SELECT served.pulp_id, wanted.name, found.name
    FROM served CROSS JOIN wanted CROSS JOIN LATERAL (
        SELECT unit.name FROM cargo_cratecontent unit {IS_MEMBER}
        WHERE unit.canonical_name = wanted.name LIMIT 1
    ) found
"""
WAS_STORED = has_row(
    "unit.content_ptr_id",
    f"rc.repository_id IN ({STORES_OF_REMOTE.format(remote='remote.pulp_id')})",
)
# Files that came through a remote, for any cache (see CACHED_FILE in queries/crates/crate_file).
FILES = f"""
    SELECT DISTINCT remote.pulp_id, unit.name, unit.vers, unit.cksum, unit.content_ptr_id, unit.license
    FROM core_remote remote CROSS JOIN unnest(%(names)s::text[], %(wanted)s::text[]) wanted (name, vers)
    JOIN cargo_cratecontent unit ON unit.canonical_name = wanted.name AND {IS_WANTED}
    JOIN core_contentartifact ca ON ca.content_id = unit.content_ptr_id
    WHERE remote.pulp_id = ANY(%(remotes)s)
    AND ca.artifact_id IS NOT NULL AND unit._pulp_domain_id = %(domain)s
    AND {IS_SHARED.format(remote="remote.pulp_id")} AND {WAS_STORED}
"""
CACHED_VERSIONS = f"""
    WITH {SERVED}, wanted AS (SELECT DISTINCT name FROM unnest(%(names)s::text[]) w (name))
    SELECT served.pulp_id, lower(unit.name), unit.vers, unit.cksum, coalesce(unit.license, '')
    FROM served CROSS JOIN wanted CROSS JOIN LATERAL (
        SELECT unit.* FROM cargo_cratecontent unit
        WHERE unit.canonical_name = wanted.name OFFSET 0
    ) unit {IS_MEMBER}
"""
INDEX_FILES = """
    SELECT remote_id, name, canonical_name, gzipped IS NOT NULL, checked_at
    FROM cargo_upstreamindexfile
    WHERE remote_id = ANY(%(remotes)s) AND canonical_name = ANY(%(names)s)
"""
BODIES = """
    SELECT remote_id, name, gzipped, first_seen::text, replaced::text
    FROM cargo_upstreamindexfile
    JOIN unnest(%(remotes)s::uuid[], %(names)s::text[]) w (remote_id, name) USING (remote_id, name)
    WHERE gzipped IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Unit:
    """A version in a repository; `stored` is whether its file is here."""

    name: str
    vers: str
    cksum: str
    stored: bool
    yanked: bool


@dataclass(frozen=True, slots=True)
class IndexFileState:
    """A cached index file: whether the crate exists, and when the upstream last confirmed it."""

    exists: bool
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class Stored:
    """A unit with its file; the licence is empty if its manifest names none."""

    pk: UUID
    license: str


@dataclass(frozen=True, slots=True)
class Body:
    """An index file; `first_seen` and `replaced` are as in `index_copy.IndexCopy`."""

    gzipped: bytes
    first_seen: Mapping[str, str]
    replaced: Mapping[str, tuple[str, str]]

    def unpacked(self) -> bytes:
        """Return the file as the upstream sent it."""
        return unpack(self.gzipped)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of some packages.

    `units` are by repository version and key, `spellings` of crates by repository version and
    canonical name. `files` are the cached index files by remote and lower-case name; `upstream` has
    the canonical names of the crates that a remote has. `stored` are the units whose files came
    through a remote, by remote, name, version and checksum.
    """

    units: Mapping[tuple[UUID, Key], Unit]
    spellings: Mapping[tuple[UUID, str], str]
    files: Mapping[File, IndexFileState]
    upstream: Collection[tuple[UUID, str]]
    stored: Mapping[tuple[UUID, str, str, str], Stored]


def known(
    domain: UUID, versions: Collection[UUID], remotes: Collection[UUID], keys: Collection[Key]
) -> Known:
    """Return what repository versions and cached index files have of packages; four statements."""
    values = {
        "domain": domain,
        "versions": list(versions),
        "remotes": list(remotes),
        "names": [name for name, _ in keys],
        "wanted": [vers for _, vers in keys],
    }
    files = all_rows(INDEX_FILES, values)
    stored = all_rows(FILES, values)
    return Known(
        units={(v, (name, key)): Unit(*unit) for v, name, key, *unit in all_rows(UNITS, values)},
        spellings={(v, name): spelled for v, name, spelled in all_rows(SPELLINGS, values)},
        files={(remote, name): IndexFileState(*state) for remote, name, _, *state in files},
        upstream={(remote, canonical) for remote, _, canonical, exists, _ in files if exists},
        stored={tuple(key): Stored(pk, text or "") for *key, pk, text in stored},
    )


def cached_versions(
    versions: Collection[UUID], names: Collection[str]
) -> dict[tuple[UUID, str], dict[str, StoredVersion]]:
    """Return stored versions by repository version and lower-case name, and then by `vers`.

    `names` are canonical.
    """
    found: defaultdict[tuple[UUID, str], dict[str, StoredVersion]] = defaultdict(dict)
    values = {"versions": list(versions), "names": list(names)}
    for version, name, vers, cksum, license in all_rows(CACHED_VERSIONS, values):
        found[version, name][vers] = StoredVersion(cksum, license)
    return found


def bodies(files: Collection[File]) -> dict[File, Body]:
    """Return those of the index files that are cached with a body."""
    values = {"remotes": [remote for remote, _ in files], "names": [name for _, name in files]}
    rows = all_rows(BODIES, values)
    return {
        (remote, name): Body(bytes(gzipped), json.loads(seen), json.loads(replaced))
        for remote, name, gzipped, seen, replaced in rows
    }
