"""The page of what changed between two states of a registry: versions, dates or labels."""

from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.pages.render import answer, render_of
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.repository.diff import Diff, diff
from pulp_cargo.app.queries.repository.moments import PastVersion, version_at
from pulp_cargo.protocol.errors import InvalidQuery, NotFound
from pulp_cargo.protocol.page_number import parse_number
from pulp_cargo.rules.moments import AtNumber, parse_moment

PER_PAGE = 100
MOST_PAGES = 10_000


@dataclass(frozen=True, slots=True)
class Compared:
    """Two versions of a repository, and a page of what changed from the first to the second."""

    old: PastVersion
    new: PastVersion
    diff: Diff


async def get_changes(cargo: CargoRequest) -> web.Response:
    """`GET changes`: the differences between `old` and `new`, by default the newest version."""
    query = cargo.http.query
    old, new, page = (query.get(name, "").strip() for name in ("old", "new", "page"))
    number = _page_number(page)
    return answer(cargo, await asked(cargo, _page, old, new, number))


def _page_number(text: str) -> int:
    if not text:
        return 1
    number = parse_number(text, MOST_PAGES)
    if number is None:
        raise InvalidQuery(f"`page` is {text[:40]!r}; it must be from 1 to {MOST_PAGES}")
    return number


def _page(registry: Registry, old: str, new: str, page: int) -> str:
    found = _compared(registry, old, new, page)
    shown = 0 if found is None else (page - 1) * PER_PAGE + len(found.diff.changes)
    return render_of(
        registry,
        "changes.html",
        old=old,
        new=new,
        found=found,
        next_page=page + 1 if found is not None and shown < found.diff.count else None,
        previous_page=page - 1 if page > 1 else None,
    )


def _compared(registry: Registry, old: str, new: str, page: int) -> Compared | None:
    """Return what changed, None if no first state is given."""
    repository = registry.content.repository
    as_it_is = registry.upstreams.serves_repository_as_it_is
    # The readers of other registries may not see all that is in the repository.
    if repository is None or registry.pinned or not as_it_is:
        raise NotFound(
            f"the changes of `{registry.name}` are not shown, because it does not serve its"
            " repository as it is"
        )
    if not old:
        return None
    before = version_at(repository, parse_moment(old))
    after = version_at(repository, parse_moment(new) if new else AtNumber(registry.content.number))
    offset = (page - 1) * PER_PAGE
    found = diff(repository, before.number, after.number, limit=PER_PAGE, offset=offset)
    return Compared(before, after, found)
