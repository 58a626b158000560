"""The invariants of every repository version, however it was created.

A registry has one crate per canonical name (Cargo Book, "Index Format": names are compared
without case and hyphens) and each version once; a yank mark belongs to a version that is there.
Where people publish, versions that differ in build metadata only are one, as on crates.io today.
Copies of an upstream may have both `0.4.0` and `0.4.0+25`: crates.io has hundreds of such pairs.
Only what a new version adds is checked, so the cost depends on the change, not the repository.
"""

from uuid import UUID

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.models import RepositoryVersion

from pulp_cargo.app.models.membership import is_in_newest, member_of_newest
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.protocol import uniqueness
from pulp_cargo.protocol.errors import VersionUsed

ADDED_NAMES = """
    SELECT DISTINCT c.canonical_name FROM core_repositorycontent rc
    JOIN cargo_cratecontent c ON c.content_ptr_id = rc.content_id
    WHERE rc.version_added_id = %(version)s AND rc.version_removed_id IS NULL
"""

# Whether people publish to a repository: it accepts uploads, or somebody who may modify it has it as
# private in a list of upstreams. Both exclude a remote (rules/repository_use).
IS_PUBLISHED_TO = """(
    EXISTS (
        SELECT 1 FROM core_distribution d
        JOIN cargo_cargodistribution c ON c.distribution_ptr_id = d.pulp_id
        WHERE d.repository_id = %(repository)s AND c.allow_uploads
    ) OR EXISTS (
        SELECT 1 FROM cargo_cargoupstream u
        WHERE u.repository_id = %(repository)s AND u.private AND u.is_binding
    )
)"""
IS_NEW = "rc.version_added_id = %(version)s AS is_new"
# `crowded` are versions that differ in build metadata only, if one of them is new.
# The names are a parameter: PostgreSQL assumes that new tables are empty, and with a join it would
# compare every added name with every crate of the repository.
CLASHES = f"""
    SELECT added, array_agg(DISTINCT there.name || ' ' || there.vers)
    FROM unnest(%(names)s::text[]) added CROSS JOIN LATERAL (
        SELECT c.name, c.vers,
            bool_or(member.is_new) OVER number AND count(*) OVER number > 1 AS crowded
        FROM cargo_cratecontent c
        {member_of_newest("%(repository)s", unit="c", columns=IS_NEW)}
        WHERE c.canonical_name = added WINDOW number AS (PARTITION BY c.vers_key) OFFSET 0
    ) there
    GROUP BY added
    HAVING count(DISTINCT there.name) > 1 OR count(*) > count(DISTINCT there.vers)
    OR bool_or(there.crowded) AND {IS_PUBLISHED_TO}
    LIMIT 1
"""

# Yanks whose crate version is not in the repository; `which` limits the checked yanks. Crates
# are found by their index on `vers_key`.
WITHOUT_CRATE = f"""
    SELECT y.content_ptr_id, y.canonical_name, y.vers FROM cargo_crateyank y
    JOIN core_repositorycontent rc ON rc.content_id = y.content_ptr_id
    WHERE {is_in_newest("%(repository)s")} AND {{which}}
    AND NOT EXISTS (
        SELECT 1 FROM cargo_cratecontent c
        JOIN core_repositorycontent crc ON crc.content_id = c.content_ptr_id
        WHERE c.canonical_name = y.canonical_name AND c.vers = y.vers
        AND c.vers_key = split_part(y.vers, '+', 1)
        AND {is_in_newest("rc.repository_id", "crc")}
        OFFSET 0
    )
"""
ADDED = "rc.version_added_id = %(version)s"
OF_REMOVED_CRATES = """(y.canonical_name, y.vers) IN (
    SELECT c.canonical_name, c.vers FROM cargo_cratecontent c
    JOIN core_repositorycontent gone ON gone.content_id = c.content_ptr_id
    WHERE gone.version_removed_id = %(version)s
)"""


# Two units of one file, of which a version adds one: which to remove. A unit that was read from the
# file stays (rules/metadata_source), also if it is added once more with another time of publication.
DESCRIBED_TWICE = f"""
    SELECT CASE WHEN other.metadata_source = ''
        THEN added.content_ptr_id ELSE other.content_ptr_id END
    FROM core_repositorycontent rc
    JOIN cargo_cratecontent added ON added.content_ptr_id = rc.content_id
    CROSS JOIN LATERAL (
        SELECT c.content_ptr_id, c.metadata_source
        FROM cargo_cratecontent c
        {member_of_newest("%(repository)s", unit="c", also="rc.version_added_id <> %(version)s")}
        WHERE c.cksum = added.cksum AND c.name = added.name AND c.vers = added.vers
        AND c.content_ptr_id <> added.content_ptr_id OFFSET 0
    ) other
    WHERE rc.version_added_id = %(version)s AND rc.version_removed_id IS NULL
"""


def second_descriptions(new_version: RepositoryVersion) -> set[UUID]:
    """Return one of two units of the same file; one that was read from the file stays."""
    return {row[0] for row in _rows(DESCRIBED_TWICE, new_version)}


# Added versions of which the repository had other bytes that it has no longer, and not these. A
# repository may have several builds of a number, of which the others are still there.
REUSED = f"""
    SELECT added.name, added.vers FROM core_repositorycontent rc CROSS JOIN LATERAL (
        SELECT c.name, c.vers, c.canonical_name, c.vers_key, c.cksum FROM cargo_cratecontent c
        WHERE c.content_ptr_id = rc.content_id OFFSET 0
    ) added
    WHERE rc.version_added_id = %(version)s AND rc.version_removed_id IS NULL
    AND EXISTS (
        SELECT 1 FROM cargo_usedversion used WHERE {{is_of_number}} AND NOT EXISTS (
            SELECT 1 FROM cargo_cratecontent there
            {member_of_newest("%(repository)s", unit="there")}
            WHERE there.canonical_name = used.canonical_name AND there.vers_key = used.vers_key
            AND there.cksum = used.cksum
        )
    ) AND NOT EXISTS (
        SELECT 1 FROM cargo_usedversion used WHERE {{is_of_number}} AND used.cksum = added.cksum
    ) ORDER BY added.name, added.vers LIMIT 1
""".format(
    is_of_number="used.repository_id = %(repository)s"
    " AND used.canonical_name = added.canonical_name AND used.vers_key = added.vers_key"
)


def require_unused(new_version: RepositoryVersion) -> None:
    """Raise ValidationError if a version has other bytes than the repository had for its number."""
    for name, vers in _rows(REUSED, new_version):
        raise ValidationError(str(VersionUsed(name, vers)))


def require_sound(new_version: RepositoryVersion) -> None:
    """Raise ValidationError if the crates or yanks that a version adds break an invariant."""
    names = [row[0] for row in _rows(ADDED_NAMES, new_version)]
    for canonical_name, versions in _rows(CLASHES, new_version, names=names):
        raise ValidationError(uniqueness.broken_by(canonical_name, versions))
    for _, canonical_name, vers in _rows(WITHOUT_CRATE.format(which=ADDED), new_version):
        raise ValidationError(
            f"`{canonical_name} {vers}` cannot be yanked: the repository does not have it."
        )


def dangling_yanks(new_version: RepositoryVersion) -> set[UUID]:
    """Return the yank marks of the crates that a version removes."""
    return {row[0] for row in _rows(WITHOUT_CRATE.format(which=OF_REMOVED_CRATES), new_version)}


def _rows(query: str, new_version: RepositoryVersion, **values: object) -> list[tuple]:
    values |= {"version": new_version.pk, "repository": new_version.repository_id}
    return all_rows(query, values)
