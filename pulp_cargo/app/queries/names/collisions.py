"""Names that both a private repository of a list and an upstream have, without upstream requests.

What the upstreams have is known from their cached index files, and from the names in the request.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pulp_cargo.app.models.membership import ends_of, is_in
from pulp_cargo.app.queries.repository.head import LATEST
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, Upstream
from pulp_cargo.app.runtime.rows import all_rows
from pulp_cargo.protocol.names import canonical_name

# The names of the private repositories come first: they are few compared to those of a cache.
COLLISIONS = f"""
    WITH {LATEST}, private AS MATERIALIZED (
        SELECT unit.canonical_name, min(unit.name) AS name,
            array_agg(DISTINCT latest.repository) AS repositories
        FROM latest
        JOIN core_repositorycontent rc ON rc.repository_id = latest.repository {ends_of()}
        JOIN cargo_cratecontent unit ON unit.content_ptr_id = rc.content_id
        WHERE {is_in("latest.number")}
        AND unit.canonical_name > %(after)s
        AND (%(names)s::text[] IS NULL OR unit.canonical_name = ANY(%(names)s))
        GROUP BY unit.canonical_name
    )
    SELECT p.canonical_name, p.name, p.repositories, cached.remotes
    FROM private p CROSS JOIN LATERAL (
        SELECT array_agg(DISTINCT f.remote_id) AS remotes FROM cargo_upstreamindexfile f
        WHERE f.canonical_name = p.canonical_name AND f.remote_id = ANY(%(remotes)s)
        AND f.gzipped IS NOT NULL
        OFFSET 0
    ) cached
    WHERE cached.remotes IS NOT NULL OR %(names)s::text[] IS NOT NULL
    ORDER BY p.canonical_name LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Collision:
    """A name that is in private repositories and upstream, with the upstreams of the list by name.

    `upstreams` is empty for a name that is upstream only according to the request.
    """

    name: str
    canonical_name: str
    private: tuple[str, ...]
    upstreams: tuple[str, ...]


def collisions(
    upstreams: Sequence[Upstream], *, after: str, limit: int, names: Collection[str] | None = None
) -> list[Collision]:
    """Return up to `limit` collisions that follow a canonical name, in one query.

    With `names`, these are taken to be upstream, and no others are considered.
    """
    private = {one.repository: one.name for one in upstreams if one.private}
    remotes = {one.remote.pk: one.name for one in upstreams if isinstance(one, RemoteUpstream)}
    values = {
        "repositories": list(private),
        "remotes": list(remotes),
        "after": after,
        "limit": limit,
        "names": None if names is None else sorted({canonical_name(name) for name in names}),
    }
    return [
        Collision(
            name=name,
            canonical_name=canonical,
            private=tuple(sorted(private[pk] for pk in repositories)),
            upstreams=tuple(sorted(remotes[pk] for pk in found or ())),
        )
        for canonical, name, repositories, found in all_rows(COLLISIONS, values)
    ]
