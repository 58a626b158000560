"""Changing the owners of crates, by cargo and by administrators.

Every change is made under the repository's lock, as commits are, so a publish or yank sees the owners
before or after it, and the last owner of a crate cannot be removed twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import QuerySet

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.models.repository import locked
from pulp_cargo.app.queries import owners as queries
from pulp_cargo.app.runtime import statements
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.names import CrateName, canonical_name
from pulp_cargo.rules import owners as rules
from pulp_cargo.rules.owners import GROUP, Actor, Owner
from pulp_cargo.rules.patterns import names_and_prefixes

# A row of the user is locked, so that it is not deleted before the commit; one that is gone already
# leaves the crate without an owner.
ADD_FIRST = """
    INSERT INTO cargo_crateowner
        (repository_id, canonical_name, user_id, group_id, added_at, added_by_id)
    SELECT %(repository)s, wanted.name, owner.{id}, NULL, now(), owner.{id}
    FROM unnest(%(names)s::text[], %(users)s::int[]) wanted (name, id)
    JOIN {users} owner ON owner.{id} = wanted.id
    FOR KEY SHARE OF owner
    ON CONFLICT DO NOTHING
"""
ADD = """
    WITH added AS (
        INSERT INTO cargo_crateowner
            (repository_id, canonical_name, user_id, group_id, added_at, added_by_id)
        SELECT %(repository)s, name, owner.user_id, owner.group_id, now(), %(by)s
        FROM unnest(%(names)s::text[]) name CROSS JOIN (
            SELECT id AS user_id, NULL::int AS group_id FROM unnest(%(users)s::int[]) id
            UNION ALL SELECT NULL, id FROM unnest(%(groups)s::int[]) id
        ) owner
        ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*) FROM added
"""
REMOVE = """
    WITH removed AS (
        DELETE FROM cargo_crateowner
        WHERE repository_id = %(repository)s AND canonical_name = ANY(%(names)s::text[])
        AND (user_id = ANY(%(users)s::int[]) OR group_id = ANY(%(groups)s::int[]))
        RETURNING 1
    )
    SELECT count(*) FROM removed
"""


def add_first(repository: UUID, publishers: Mapping[str, int]) -> None:
    """Make the users who publish new crates their owners, in the transaction of the publish."""
    users = get_user_model()._meta
    statement = ADD_FIRST.format(users=users.db_table, id=users.pk.column)
    names = list(publishers)
    values = {"repository": repository, "names": names, "users": list(publishers.values())}
    statements.run(statement, values)


def add(repository: UUID, actor: Actor, name: CrateName, logins: Sequence[str]) -> str:
    """Add owners to a crate as one of its owners; return the crate's spelling.

    Raises CrateNotFound, Forbidden or CannotChangeOwners, and then nothing is changed.
    """
    with locked(repository):
        crate, owners = _crate_of(repository, actor, name)
        wanted = _existing(logins, is_active=True)
        rules.require_addable(crate, owners, wanted)
        _change(ADD, repository, [canonical_name(name)], wanted, by=actor.user)
        return crate


def remove(repository: UUID, actor: Actor, name: CrateName, logins: Sequence[str]) -> str:
    """Remove owners from a crate as one of its owners; return the crate's spelling.

    Raises CrateNotFound, Forbidden or CannotChangeOwners, and then nothing is changed.
    """
    with locked(repository):
        crate, owners = _crate_of(repository, actor, name)
        wanted = _existing(logins)
        rules.require_removable(crate, owners, wanted)
        _change(REMOVE, repository, [canonical_name(name)], wanted)
        return crate


def add_to_crates(
    repository: UUID,
    logins: Sequence[str],
    patterns: Collection[str],
    *,
    unowned: bool,
    by: int | None,
) -> int:
    """Add owners to all crates that match patterns, `unowned` to those without owners only.

    Return how many were added; owners that a crate has already do not count. Raises
    CannotChangeOwners for a name that is not in the repository, and for an unknown login.
    """
    with locked(repository):
        wanted = _existing(logins, is_active=True)
        names = _crates_matching(repository, patterns)
        if unowned:
            names -= set(queries.owned_crates(repository, patterns))
        return _change(ADD, repository, names, wanted, by=by)


def remove_from_crates(repository: UUID, logins: Sequence[str], patterns: Collection[str]) -> int:
    """Remove owners from all crates that match patterns; return how many were removed.

    Raises CannotChangeOwners for an unknown login, and if a crate would be left without an owner.
    """
    with locked(repository):
        wanted = _existing(logins)
        names = queries.owned_crates(repository, patterns)
        bare = queries.owned_by_these_alone(repository, names, wanted)
        if bare:
            raise rules.last_owners(bare)
        return _change(REMOVE, repository, names, wanted)


def adopt(repository: UUID, wanted: Iterable[tuple[str, str]]) -> int:
    """Add owners to the crates that have none, each given as the name of a crate and a login.

    Return how many were added. Logins without an active user here are left out. Raises
    RepositoryBusy.
    """
    crates: defaultdict[str, set[str]] = defaultdict(set)
    for name, login in wanted:
        crates[login].add(canonical_name(name))
    if not crates:
        return 0
    with locked(repository):
        owned = set(queries.owned_crates(repository, set().union(*crates.values())))
        return sum(
            _change(ADD, repository, crates[owner.login] - owned, [owner], by=None)
            for owner in _found(list(crates), is_active=True)
            if not owner.is_group
        )


def mirror(repository: UUID, wanted: Iterable[tuple[str, str]]) -> None:
    """Make these the owners of a repository's crates, each with the name of a crate and a login.

    Those whose users and groups do not exist here are left out. Raises RepositoryBusy.
    """
    crates: defaultdict[str, set[str]] = defaultdict(set)
    for name, login in wanted:
        crates[login].add(canonical_name(name))
    with locked(repository):
        now: defaultdict[Owner, set[str]] = defaultdict(set)
        for row in queries.rows_of_repository(repository):
            now[queries.owner_in(row)].add(row.canonical_name)
        for owner in {*_found(list(crates)), *now}:
            _change(REMOVE, repository, now[owner] - crates[owner.login], [owner])
            _change(ADD, repository, crates[owner.login] - now[owner], [owner], by=None)


def _crate_of(repository: UUID, actor: Actor, name: CrateName) -> tuple[str, list[Owner]]:
    """Return the spelling and the owners of a crate that the actor may change."""
    if not CargoRepository.objects.filter(pk=repository, crate_owners=True).exists():
        raise rules.OwnersDisabled
    canonical = canonical_name(name)
    crate = queries.spellings(repository, [name]).get(canonical)
    if crate is None:
        raise CrateNotFound(name)
    owners = queries.owners_of(repository, canonical)
    rules.require_owner(actor, crate, owners)
    return crate, owners


def _crates_matching(repository: UUID, patterns: Collection[str]) -> set[str]:
    names, prefixes = names_and_prefixes(patterns)
    there = queries.spellings(repository, names)
    missing = sorted(set(names) - there.keys())
    if missing:
        raise rules.unknown_crates(missing)
    return {*there, *queries.crates_with_prefix(repository, prefixes)}


def _existing(logins: Sequence[str], **which: bool) -> list[Owner]:
    """Return the users and groups with these logins, locked so that none is deleted meanwhile."""
    known = {one.login: one for one in _found(logins, **which)}
    unknown = [login for login in logins if login not in known]
    if unknown:
        raise rules.unknown_logins(unknown)
    return [known[login] for login in logins]


def _found(logins: Sequence[str], **which: bool) -> list[Owner]:
    """Return those of the users and groups that exist, locked."""
    names = [login for login in logins if not login.startswith(GROUP)]
    of_groups = [login.removeprefix(GROUP) for login in logins if login.startswith(GROUP)]
    users = get_user_model().objects.filter(username__in=names, **which)
    groups = Group.objects.filter(name__in=of_groups)
    found = [Owner(False, one.pk, one.get_username()) for one in _locked_rows(users)]
    return found + [Owner(True, one.pk, f"{GROUP}{one.name}") for one in _locked_rows(groups)]


def _locked_rows(rows: QuerySet) -> QuerySet:
    # In one order, so that two requests do not wait for each other.
    return rows.select_for_update(no_key=True).order_by("pk")


def _change(
    statement: str,
    repository: UUID,
    names: Collection[str],
    owners: Collection[Owner],
    **more: int | None,
) -> int:
    values = {"repository": repository, "names": sorted(names), **queries.ids_of(owners), **more}
    ((count,),) = all_rows(statement, values)
    return int(count)
