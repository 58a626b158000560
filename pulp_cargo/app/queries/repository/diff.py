"""The difference of two versions of a repository, in one query whose cost depends on what changed."""

from dataclasses import dataclass
from uuid import UUID

from pulp_cargo.app.models.membership import ends_of, is_in
from pulp_cargo.app.runtime.rows import all_rows

_MEMBER = f"""EXISTS (
    SELECT 1 FROM core_repositorycontent rc {ends_of()}
    WHERE rc.repository_id = %(repository)s AND rc.content_id = {{unit}} AND {is_in("{number}")}
)"""


def _is_member(unit: str, number: str) -> str:
    return _MEMBER.format(unit=unit, number=number)


def _has_crate(number: str) -> str:
    member = _is_member("other.content_ptr_id", number)
    return f"""EXISTS (
        SELECT 1 FROM cargo_cratecontent other
        WHERE other.canonical_name = n.canonical_name AND {member}
    )"""


# Only units that were added or removed between the versions are looked at. Of a crate version that
# comes or goes with its yank mark, the mark is no change of its own.
DIFF = f"""
    WITH edges AS (
        SELECT pulp_id FROM core_repositoryversion WHERE repository_id = %(repository)s
        AND number > least(%(old)s, %(new)s) AND number <= greatest(%(old)s, %(new)s)
    ), touched AS (
        SELECT rc.content_id FROM edges JOIN core_repositorycontent rc
            ON rc.version_added_id = edges.pulp_id
        UNION
        SELECT rc.content_id FROM edges JOIN core_repositorycontent rc
            ON rc.version_removed_id = edges.pulp_id
    ), compared AS (
        SELECT content_id, {_is_member("touched.content_id", "%(old)s")} AS before,
            {_is_member("touched.content_id", "%(new)s")} AS after
        FROM touched
    ), versions AS (
        SELECT unit.canonical_name, unit.name, unit.vers, unit.cksum,
            CASE WHEN c.after THEN 'added' ELSE 'removed' END AS change
        FROM compared c JOIN cargo_cratecontent unit ON unit.content_ptr_id = c.content_id
        WHERE c.before <> c.after
    ), marks AS (
        SELECT mark.canonical_name, there.name, mark.vers, there.cksum,
            CASE WHEN c.after THEN 'yanked' ELSE 'unyanked' END AS change
        FROM compared c JOIN cargo_crateyank mark ON mark.content_ptr_id = c.content_id
        CROSS JOIN LATERAL (
            SELECT unit.name, unit.cksum FROM cargo_cratecontent unit
            WHERE unit.canonical_name = mark.canonical_name AND unit.vers = mark.vers
            AND {_is_member("unit.content_ptr_id", "%(old)s")}
            AND {_is_member("unit.content_ptr_id", "%(new)s")} LIMIT 1
        ) there
        WHERE c.before <> c.after
    ), names AS (
        SELECT n.canonical_name, {_has_crate("%(old)s")} AS before, {_has_crate("%(new)s")} AS after
        FROM (SELECT DISTINCT canonical_name FROM versions) n
    ), changes AS (
        SELECT v.*, n.before <> n.after AS whole_crate FROM versions v
        JOIN names n USING (canonical_name)
        UNION ALL SELECT m.*, false FROM marks m
    ), counts AS (
        SELECT count(*) AS count,
            count(*) FILTER (WHERE change = 'added') AS added,
            count(*) FILTER (WHERE change = 'removed') AS removed,
            count(*) FILTER (WHERE change = 'yanked') AS yanked,
            count(*) FILTER (WHERE change = 'unyanked') AS unyanked,
            (SELECT count(*) FROM names WHERE after AND NOT before) AS new_crates,
            (SELECT count(*) FROM names WHERE before AND NOT after) AS lost_crates
        FROM changes
    ), page AS (
        SELECT * FROM changes ORDER BY canonical_name, vers, change DESC, cksum
        LIMIT %(limit)s OFFSET %(offset)s
    )
    SELECT c.count, c.added, c.removed, c.yanked, c.unyanked, c.new_crates, c.lost_crates,
        p.change, p.name, p.vers, p.cksum, p.whole_crate
    FROM counts c LEFT JOIN page p ON true
    ORDER BY p.canonical_name, p.vers, p.change DESC, p.cksum
"""


@dataclass(frozen=True, slots=True)
class Change:
    """A crate version that was `added`, `removed`, `yanked` or `unyanked`.

    With `whole_crate` one of the two versions of the repository has no version of the crate.
    """

    change: str
    name: str
    vers: str
    cksum: str
    whole_crate: bool


@dataclass(frozen=True, slots=True)
class Diff:
    """A page of the changes between two versions of a repository, and how many there are in all."""

    changes: list[Change]
    count: int
    versions_added: int
    versions_removed: int
    versions_yanked: int
    versions_unyanked: int
    crates_added: int
    crates_removed: int


def diff(repository: UUID, old: int, new: int, *, limit: int, offset: int = 0) -> Diff:
    """Return what changed from one version to another, which may be the older one."""
    values = {
        "repository": repository,
        "old": old,
        "new": new,
        "limit": limit,
        "offset": offset,
    }
    rows = all_rows(DIFF, values)
    changes = [Change(*row[7:]) for row in rows if row[7] is not None]
    return Diff(changes, *rows[0][:7])
