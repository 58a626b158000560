"""Which repositories of a list of upstreams have a crate at this moment.

Their newest versions are asked, and not those that a process remembers: a name is claimed as soon
as a private crate has it.
"""

from collections.abc import Iterable
from uuid import UUID

import psycopg
from django.db import connection

from pulp_cargo.app.queries.heads import LATEST
from pulp_cargo.app.queries.registries import Registry
from pulp_cargo.app.queries.sources import Source
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.upstream_order import Answer, who_answers

# To be joined to `unit`, a content table that an index has narrowed down, and `latest`; see
# queries/membership for the form of it.
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
    WITH {LATEST}
    SELECT latest.repository, count(*)
    FROM latest CROSS JOIN cargo_cratecontent unit {IS_LATEST_MEMBER}
    WHERE unit.canonical_name = %(name)s
    GROUP BY latest.repository
"""


def versions_held(sources: Iterable[Source], name: str) -> dict[str, int]:
    """Return how many versions of a crate, in whatever spelling, each repository of a list has.

    By the names of the upstreams that are a repository alone: what is kept of a remote does not
    tell what the remote has. One query, whatever the length of the list.
    """
    names = {one.repository: one.name for one in sources if one.remote is None}
    if not names:
        return {}
    held = dict.fromkeys(names.values(), 0)
    connection.ensure_connection()
    # As in queries/membership: worth a prepared statement.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        values = {"repositories": list(names), "name": canonical_name(name)}
        rows: Iterable[tuple[UUID, int]] = cursor.execute(HELD, values, prepare=True).fetchall()
    return held | {names[repository]: count for repository, count in rows}


def who_may_answer(registry: Registry, name: str) -> Answer | None:
    """Return which upstreams of a list are to be asked for a crate, None without a list.

    What a remote has is not looked up: those of the answer are asked in its order.
    """
    if registry.order is None:
        return None
    held = versions_held(registry.sources, name)
    return who_answers(
        registry.order, name, lambda one: held[one.name] > 0 if one.name in held else None
    )
