"""Which repositories of a list of upstreams have a crate at this moment, or once had it.

The query reads their newest versions, not those that a process has cached, because a name is
claimed as soon as a private crate has it. It stays claimed when the crate is removed.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pulp_cargo.app.models.membership import member_of
from pulp_cargo.app.queries.registry.registry import RegistryUpstreams
from pulp_cargo.app.queries.repository.head import LATEST
from pulp_cargo.app.queries.upstreams.upstreams import RepositoryUpstream, Upstream
from pulp_cargo.app.runtime.rows import all_rows, rows_with_bound_values
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.upstream_order import Answer, only, who_answers

HOLDINGS = f"""
    WITH {LATEST}, found AS (
        SELECT latest.repository, count(*) AS versions
        FROM latest CROSS JOIN cargo_cratecontent unit
        {member_of("latest.repository", "latest.number")}
        WHERE unit.canonical_name = %(name)s
        GROUP BY latest.repository
    )
    SELECT asked.repository, coalesce(found.versions, 0), EXISTS (
        SELECT 1 FROM cargo_claimedname claimed
        WHERE claimed.repository_id = asked.repository AND claimed.canonical_name = %(name)s
    )
    FROM unnest(%(repositories)s::uuid[]) asked(repository) LEFT JOIN found USING (repository)
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


def holdings(upstreams: Iterable[Upstream], name: str) -> dict[str, NameHolding]:
    """Return what each repository of a list has of a crate, in any spelling, by upstream name.

    Remotes are left out: what is stored from a remote does not show what the remote has. One query
    for a list of any length.
    """
    names = {one.repository: one.name for one in upstreams if isinstance(one, RepositoryUpstream)}
    if not names:
        return {}
    values = {"repositories": list(names), "name": canonical_name(name)}
    rows = rows_with_bound_values(HOLDINGS, values)
    return {names[repository]: NameHolding(versions, ever) for repository, versions, ever in rows}


def claimed(upstreams: Iterable[Upstream], names: Iterable[str]) -> dict[str, list[str]]:
    """Return which private repositories of a list ever had crates, by canonical name.

    One query for any number of crates.
    """
    private = {one.repository: one.name for one in upstreams if one.private}
    found: defaultdict[str, list[str]] = defaultdict(list)
    if private:
        values = {"repositories": list(private), "names": list(names)}
        for repository, name in all_rows(CLAIMED, values):
            found[name].append(private[repository])
    return found


def who_may_answer(upstreams: RegistryUpstreams, name: str) -> Answer:
    """Return which upstreams have to be asked for a crate, in order.

    What a remote has is not looked up here.
    """
    if upstreams.order is None:
        return only(*upstreams.by_name)
    of = holdings(upstreams.listed, name)
    return who_answers(
        upstreams.order,
        name,
        lambda one: of[one.name].versions > 0 if one.name in of else None,
        had=[upstream for upstream, one in of.items() if one.ever],
    )
