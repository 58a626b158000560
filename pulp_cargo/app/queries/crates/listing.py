"""Everything in the repository version that a registry serves, a page at a time.

The cost of a page depends on its own rows only: an index finds them after the place where the last
page ended. All pages are read from the same version, so publishes between them make no difference.
"""

import hashlib
import json
from collections.abc import Container, Sequence
from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.models import CrateContent
from pulp_cargo.app.models.membership import ends_of, is_in, is_yanked
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.membership import SERVED, ServedVersion, rows_of
from pulp_cargo.protocol.listing import FORMAT, LISTS, TEXTS, render_crate

# Maximum number of members of a page, and of bytes in its columns that may be large.
MOST_MEMBERS = 250
MOST_BYTES = 256 * 1024

COUNT = f"""
    WITH {SERVED}
    SELECT coalesce((
        SELECT count FROM core_repositoryversioncontentdetails
        WHERE repository_version_id = %(version)s AND content_type = %(type)s AND count_type = 'P'
    ), 0) FROM served
"""
UNITS = f"""
    WITH {SERVED}, found AS (
        SELECT unit.content_ptr_id, unit.name, unit.vers, unit.license
        FROM served CROSS JOIN core_repositorycontent rc {ends_of()}
        JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
        WHERE rc.repository_id = %(repository)s AND {is_in("served.number")}
    )
    SELECT f.* FROM served LEFT JOIN found f ON true
"""
# `passed` is a range of the index on (repository, content, version_added), whether or not its rows
# belong to the version: so its length is bounded. It includes yank marks.
PAGE = f"""
    WITH {SERVED}, passed AS (
        SELECT content_id, version_added_id, version_removed_id FROM core_repositorycontent
        WHERE repository_id = %(repository)s
        AND (content_id, version_added_id) > (%(content)s, %(added)s)
        ORDER BY content_id, version_added_id LIMIT {MOST_MEMBERS}
    ), found AS (
        SELECT p.content_id, p.version_added_id, unit.*, sum(
            coalesce(octet_length(unit.index_line), 0) + coalesce(octet_length(unit.readme), 0)
        ) OVER (
            ORDER BY p.content_id, p.version_added_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before
        FROM served CROSS JOIN passed p {ends_of("p")}
        LEFT JOIN LATERAL (
            SELECT c.* FROM cargo_cratecontent c
            WHERE c.content_ptr_id = p.content_id AND {is_in("served.number")} OFFSET 0
        ) unit ON true
    )
    SELECT f.content_id, f.version_added_id, f.name, f.vers, f.cksum, file.size,
        {is_yanked("%(repository)s", "served.number", of="f")},
        f.index_line, {", ".join(f"f.{name}" for name in (*TEXTS, *LISTS))}
    FROM served LEFT JOIN found f ON coalesce(f.before, 0) < {MOST_BYTES}
    LEFT JOIN LATERAL (
        SELECT coalesce(
            (SELECT a.size FROM core_artifact a WHERE a.pulp_id = ca.artifact_id),
            (SELECT max(ra.size) FROM core_remoteartifact ra WHERE ra.content_artifact_id = ca.pulp_id)
        ) AS size
        FROM core_contentartifact ca WHERE ca.content_id = f.content_ptr_id LIMIT 1
    ) file ON true
    ORDER BY f.content_id, f.version_added_id
"""
FIRST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended."""

    content: UUID = FIRST
    added: UUID = FIRST


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of some crate versions; `end` is None for the last page."""

    lines: bytes
    count: int
    end: Place | None


def tag(registry: Registry, rules: Sequence[str] = ()) -> str:
    """Return the entity tag of the listing, which changes with its content but needs no listing.

    `rules` are those by which versions are left out.
    """
    urls = [registry.urls.of_copies, *filter(None, [sorted(registry.urls.mirrored)])]
    content = [FORMAT, str(registry.content.version), *urls, *rules]
    return f'"{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:32]}"'


def count(served: ServedVersion) -> int:
    """Return how many crate versions a repository version has; raises VersionGone."""
    rows = rows_of(served, COUNT, type=CrateContent.get_pulp_type())
    return rows[0][0] if rows else 0


def units(served: ServedVersion) -> list[tuple[UUID, str, str, str | None]]:
    """Return id, name, vers and licence of all crate versions; raises VersionGone."""
    found = rows_of(served, UNITS)
    return [(pk, name, vers, license) for pk, name, vers, license in found if pk is not None]


def page(served: ServedVersion, after: Place, left_out: Container[UUID] = ()) -> Page:
    """Return the crate versions that follow a place, except for some units; raises VersionGone."""
    rows = rows_of(served, PAGE, content=after.content, added=after.added)
    if not rows or rows[0][0] is None:
        return Page(b"", 0, None)
    lines = [
        render_crate(values)
        for unit, _, *values in rows
        if values[0] is not None and unit not in left_out
    ]
    return Page(b"".join(lines), len(lines), Place(*rows[-1][:2]))
