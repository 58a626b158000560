"""The owners of a repository's crates, and which crates patterns match."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from uuid import UUID

from django.db.models import QuerySet

from pulp_cargo.app.models import CrateOwner
from pulp_cargo.app.models.membership import ends_of, is_in
from pulp_cargo.app.queries.repository.head import LATEST
from pulp_cargo.app.queries.repository.membership import IS_MEMBER, SERVED, ServedVersion, rows_of
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.app.runtime.statements import Rows
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.owners import ShownOwner
from pulp_cargo.rules.owners import GROUP, Owner
from pulp_cargo.rules.patterns import names_and_prefixes

OWNERS = """
    SELECT canonical_name, user_id, group_id FROM cargo_crateowner
    WHERE repository_id = %(repository)s AND canonical_name = ANY(%(names)s::text[])
"""
SERVED_CRATE = f"""
    WITH {SERVED}
    SELECT found.name FROM served LEFT JOIN LATERAL (
        SELECT unit.name FROM cargo_cratecontent unit {IS_MEMBER}
        WHERE unit.canonical_name = %(name)s LIMIT 1
    ) found ON true
"""
SPELLINGS = f"""
    WITH {LATEST}, served AS (SELECT number FROM latest)
    SELECT wanted, found.name FROM served CROSS JOIN unnest(%(names)s::text[]) wanted
    CROSS JOIN LATERAL (
        SELECT unit.name FROM cargo_cratecontent unit {IS_MEMBER}
        WHERE unit.canonical_name = wanted LIMIT 1
    ) found
"""
WITH_PREFIX = f"""
    WITH {LATEST}
    SELECT DISTINCT unit.canonical_name
    FROM latest JOIN core_repositorycontent rc ON rc.repository_id = latest.repository
    {ends_of()}
    JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
    WHERE {is_in("latest.number")} AND EXISTS (
        SELECT 1 FROM unnest(%(prefixes)s::text[]) prefix
        WHERE starts_with(unit.canonical_name, prefix)
    )
"""
OWNED = """
    SELECT DISTINCT canonical_name FROM cargo_crateowner
    WHERE repository_id = %(repository)s AND (
        canonical_name = ANY(%(names)s::text[]) OR EXISTS (
            SELECT 1 FROM unnest(%(prefixes)s::text[]) prefix
            WHERE starts_with(canonical_name, prefix)
        )
    )
"""
# Crates that these users and groups alone own.
OWNED_BY_THESE_ALONE = """
    SELECT canonical_name FROM cargo_crateowner
    WHERE repository_id = %(repository)s AND canonical_name = ANY(%(names)s::text[])
    GROUP BY canonical_name HAVING bool_and(
        coalesce(user_id = ANY(%(users)s::int[]), false)
        OR coalesce(group_id = ANY(%(groups)s::int[]), false)
    )
    ORDER BY 1
"""


def ask(repository: UUID, names: Collection[str]) -> Rows:
    """Ask for the owners of crates, by canonical names, together with other statements."""
    return statements.ask(OWNERS, {"repository": repository, "names": sorted(names)})


def read(asked: Rows) -> Mapping[str, set[Owner]]:
    """Return the owners that were asked for, by canonical names and without their logins."""
    owners: defaultdict[str, set[Owner]] = defaultdict(set)
    for name, user, group in asked.fetch():
        owners[name].add(Owner(user is None, group if user is None else user, login=""))
    return owners


def owners_of(repository: UUID, canonical: str) -> list[Owner]:
    """Return the owners of a crate, those of longest standing first."""
    return [owner_in(row) for row in _rows(repository, canonical)]


def shown_owners(repository: UUID, canonical: str) -> list[ShownOwner]:
    """Return the owners of a crate as cargo lists them."""
    return [
        ShownOwner(owner.wire_id, owner.login, _full_name(row), owner.is_group)
        for row in _rows(repository, canonical)
        for owner in (owner_in(row),)
    ]


def crates_of_user(repository: UUID, user: int) -> list[str]:
    """Return the crates in a repository's newest version that a user owns, not as one of a group."""
    owned = CrateOwner.objects.filter(repository=repository, user=user)
    names = list(owned.values_list("canonical_name", flat=True))
    return sorted(spellings(repository, names).values()) if names else []


def served_crate(served: ServedVersion, name: str) -> str | None:
    """Return how a repository version spells a crate, None without it; raises VersionGone."""
    rows = rows_of(served, SERVED_CRATE, name=canonical_name(name))
    return rows[0][0] if rows else None


def spellings(repository: UUID, names: Collection[str]) -> dict[str, str]:
    """Return the crates of a repository's newest version among these, by canonical names."""
    values = _values(repository, names=sorted({canonical_name(name) for name in names}))
    return dict(all_rows(SPELLINGS, values))


def crates_with_prefix(repository: UUID, prefixes: Collection[str]) -> list[str]:
    """Return the crates in the newest version that begin so; all of this is in canonical form."""
    if not prefixes:
        return []
    values = _values(repository, prefixes=list(prefixes))
    return [name for (name,) in all_rows(WITH_PREFIX, values)]


def owned_crates(repository: UUID, patterns: Iterable[str]) -> list[str]:
    """Return the canonical names of the crates with owners that match patterns.

    Owners outlast the versions of a crate, so the newest version may lack some of them.
    """
    names, prefixes = names_and_prefixes(patterns)
    values = _values(repository, names=names, prefixes=prefixes)
    return [name for (name,) in all_rows(OWNED, values)]


def owned_by_these_alone(
    repository: UUID, names: Collection[str], owners: Collection[Owner]
) -> list[str]:
    """Return which of these crates have no other owners."""
    values = _values(repository, names=list(names)) | ids_of(owners)
    return [name for (name,) in all_rows(OWNED_BY_THESE_ALONE, values)]


def ids_of(owners: Collection[Owner]) -> dict[str, list[int]]:
    """Return the ids of users and groups, as statements take them."""
    return {
        "users": [one.pk for one in owners if not one.is_group],
        "groups": [one.pk for one in owners if one.is_group],
    }


def rows_of_repository(repository: UUID) -> QuerySet[CrateOwner]:
    """Return all owners of a repository's crates, in the order of the crates."""
    rows = CrateOwner.objects.filter(repository=repository)
    return rows.select_related("user", "group", "added_by").order_by("canonical_name", "pk")


def login_of(row: CrateOwner) -> str:
    """Return the login of the user or group."""
    return f"{GROUP}{row.group.name}" if row.user is None else str(row.user.get_username())


def owner_in(row: CrateOwner) -> Owner:
    """Return the user or group."""
    is_group = row.user_id is None
    return Owner(is_group, row.group_id if is_group else row.user_id, login_of(row))


def _rows(repository: UUID, canonical: str) -> Iterator[CrateOwner]:
    yield from rows_of_repository(repository).filter(canonical_name=canonical)


def _full_name(row: CrateOwner) -> str | None:
    return None if row.user is None else row.user.get_full_name() or None


def _values(repository: UUID, **more: list[str]) -> dict[str, object]:
    return {"repository": repository, "repositories": [repository], **more}
