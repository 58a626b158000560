"""Which repositories of a list of upstreams have a crate at this moment, or had it once.

Their newest versions are asked, and not those that a process remembers: a name is claimed as soon
as a private crate has it. It stays claimed when the crate goes.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import psycopg
from django.db import connection

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.head import LATEST
from pulp_cargo.app.queries.upstreams.upstreams import RepositoryUpstream, Upstream
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.upstream_order import Answer, only, who_answers

# To be joined to `unit`, a content table that an index has narrowed down, and `latest`; see
# queries/repository/membership for the form of it.
IS_LATEST_MEMBER = """
    CROSS JOIN LATERAL (
        SELECT 1 FROM core_repositorycontent rc
        JOIN core_repositoryversion va ON va.pulp_id = rc.version_added_id
        LEFT JOIN core_repositoryversion vr ON vr.pulp_id = rc.version_removed_id
        WHERE rc.content_id = unit.content_ptr_id AND rc.repository_id = latest.repository
        AND va.number <= latest.number AND (vr.number IS NULL OR vr.number > latest.number)
        OFFSET 0
    ) member
"""
HELD = f"""
    WITH {LATEST}, held AS (
        SELECT latest.repository, count(*) AS versions
        FROM latest CROSS JOIN cargo_cratecontent unit {IS_LATEST_MEMBER}
        WHERE unit.canonical_name = %(name)s
        GROUP BY latest.repository
    )
    SELECT asked.repository, coalesce(held.versions, 0), EXISTS (
        SELECT 1 FROM cargo_claimedname claimed
        WHERE claimed.repository_id = asked.repository AND claimed.canonical_name = %(name)s
    )
    FROM unnest(%(repositories)s::uuid[]) asked(repository) LEFT JOIN held USING (repository)
"""

CLAIMED = """
    SELECT repository_id, canonical_name FROM cargo_claimedname
    WHERE repository_id = ANY(%(repositories)s) AND canonical_name = ANY(%(names)s)
"""


@dataclass(frozen=True, slots=True)
class NameHolding:
    """How many versions of a crate a repository has, and whether it ever had one."""

    versions: int
    ever: bool


def held(sources: Iterable[Upstream], name: str) -> dict[str, NameHolding]:
    """Return what each repository of a list has of a crate, in whatever spelling.

    By the names of the upstreams that are a repository alone: what is kept of a remote does not
    tell what the remote has. One query, whatever the length of the list.
    """
    names = {one.repository: one.name for one in sources if isinstance(one, RepositoryUpstream)}
    if not names:
        return {}
    connection.ensure_connection()
    # As in queries/repository/membership: worth a prepared statement.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        values = {"repositories": list(names), "name": canonical_name(name)}
        rows: Iterable[tuple[UUID, int, bool]]
        rows = cursor.execute(HELD, values, prepare=True).fetchall()
    return {names[repository]: NameHolding(versions, ever) for repository, versions, ever in rows}


def claimed(sources: Iterable[Upstream], names: Iterable[str]) -> dict[str, list[str]]:
    """Return which private repositories of a list ever had crates, by canonical names.

    One query, whatever the number of crates.
    """
    private = {one.repository: one.name for one in sources if one.private}
    found: defaultdict[str, list[str]] = defaultdict(list)
    if private:
        values = {"repositories": list(private), "names": list(names)}
        with connection.cursor() as cursor:
            cursor.execute(CLAIMED, values)
            for repository, name in cursor.fetchall():
                found[name].append(private[repository])
    return found


def who_may_answer(registry: Registry, name: str) -> Answer:
    """Return which upstreams are to be asked for a crate.

    What a remote has is not looked up: those of the answer are asked in its order.
    """
    if registry.order is None:
        return only(*(one.name for one in registry.sources or (registry.whole,)))
    of = held(registry.sources, name)
    return who_answers(
        registry.order,
        name,
        lambda one: of[one.name].versions > 0 if one.name in of else None,
        had=[upstream for upstream, one in of.items() if one.ever],
    )
