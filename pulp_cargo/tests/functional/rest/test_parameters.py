"""Each parameter of a list in the schema has an effect: what matches nothing finds nothing."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.rest.world import World, make_world, path_of
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

# Values that nothing has, by the end of a parameter's name; others get a text that is nowhere.
NOWHERE: dict[str, object] = {
    "__gt": "2199-01-01T00:00:00Z",
    "__gte": "2199-01-01T00:00:00Z",
    "__lt": "1970-01-01T00:00:00Z",
    "__lte": "1970-01-01T00:00:00Z",
    "__range": "1970-01-01T00:00:00Z,1970-01-02T00:00:00Z",
    "day": "1970-01-01",
    "day__gte": "2199-01-01",
    "day__lte": "1970-01-01",
    "expires_at": "1970-01-01T00:00:00Z",
    "last_used": "1970-01-01T00:00:00Z",
    "pulp_id__in": "00000000-0000-0000-0000-000000000000",
    "pulp_href__in": "/pulp/api/v3/cargo/tokens/00000000-0000-0000-0000-000000000000/",
    "q": "name=nothing-has-this",
    "pulp_label_select": "nothing-has-this",
    "orphaned_for": "100000000",
}
# Not filters; each has a test of its own here.
OF_PAGES = {"limit", "offset", "ordering", "fields", "exclude_fields", "after"}
# Filters that need another one, or the other side of a yes or no.
OTHERWISE = {"versions", "checkpoint"}


@pytest.fixture(scope="module")
def world(stack: Stack) -> World:
    """Objects of each kind, for all tests of this file, since they only read."""
    return make_world(stack, unique("x").replace("-", ""))


def lists(document: dict[str, Any], world: World) -> dict[str, list[str]]:
    """Return the URLs of all lists that are pages, with their parameters."""
    hrefs = {
        one.href
        for one in world.calls()
        if one.method == "get"
        and not one.href.endswith(("config/", "diff/", "explain/", "search/"))
    }
    found = {}
    for href in sorted(hrefs):
        path = path_of(document, world.rest.url(href).removeprefix(world.rest.origin))
        operation = document["paths"][path]["get"]
        shown = operation["responses"]["200"]["content"]["application/json"]["schema"]
        if "Paginated" in str(shown):
            parameters = operation.get("parameters", [])
            found[href] = [one["name"] for one in parameters if one["in"] == "query"]
    return found


def value_for(parameter: str) -> object:
    """Return what nothing has."""
    ends = sorted((end for end in NOWHERE if parameter.endswith(end)), key=len)
    return NOWHERE[ends[-1]] if ends else "nothing-has-this"


def count(rest: Rest, href: str, **filters: object) -> int | None:
    """Return how many a list has, None for a filter that is refused."""
    try:
        return int(rest.get(href, limit=1, **filters)["count"])
    except Refused as refused:
        assert refused.status == 400
        return None


def test_every_filter_has_an_effect(rest: Rest, document: dict[str, Any], world: World) -> None:
    """One that is ignored would give a program everything, and it would not notice.

    It takes long because it sends a request with each of some 400 filters.
    """
    ignored = []
    for href, parameters in lists(document, world).items():
        whole = count(rest, href)
        assert whole, href
        for parameter in parameters:
            if parameter in OF_PAGES | OTHERWISE:
                continue
            if parameter.endswith("__isnull") or parameter in ("dry_run", "accepted"):
                both = [count(rest, href, **{parameter: one}) for one in ("true", "false")]
                is_ignored = both[0] == both[1] == whole
            else:
                is_ignored = count(rest, href, **{parameter: value_for(parameter)}) not in (0, None)
            if is_ignored:
                ignored.append(f"{href} {parameter}")
    assert ignored == []


def test_regular_expressions_that_cannot_be_used(
    rest: Rest, document: dict[str, Any], world: World
) -> None:
    """PostgreSQL refuses them, which is no error of the server."""
    asked = 0
    for href, parameters in lists(document, world).items():
        for one in {parameter for parameter in parameters if parameter.endswith("regex")}:
            with pytest.raises(Refused, match="invalid regular expression") as refused:
                rest.get(href, **{one: "["})
            assert refused.value.status == 400
            asked += 1
    assert asked


def test_pages_and_fields_are_as_asked(rest: Rest, document: dict[str, Any], world: World) -> None:
    """`limit`, `offset`, `fields` and `exclude_fields` of each list."""
    for href, parameters in lists(document, world).items():
        assert {"limit", "offset"} <= set(parameters), href
        whole = rest.get(href, limit=1)
        (first,) = whole["results"]
        # Others make objects meanwhile.
        assert rest.list(href, limit=1, offset=whole["count"] + 100_000) == [], href
        if "fields" in parameters:
            key = next(iter(first))
            (shown,) = rest.list(href, limit=1, fields=key)
            assert set(shown) == {key}, href
            (shown,) = rest.list(href, limit=1, exclude_fields=key)
            assert set(shown) == set(first) - {key}, href


@pytest.mark.parametrize("path", ["cargo/tokens/", "distributions/cargo/cargo/"])
def test_order_is_as_asked(stack: Stack, path: str) -> None:
    """Forwards and backwards, by the bytes of the names."""
    start = unique("o")
    names = [start + end for end in ("-b", "-B", "-10", "-9", "-é")]
    for name in names:
        if path == "cargo/tokens/":
            stack.make_token(name=name)
        else:
            stack.make_registry(name=name)
    ours = {"name__startswith": start, "fields": "name"}
    for ordering, expected in (
        ("name", [start + end for end in ("-10", "-9", "-B", "-b", "-é")]),
        ("-name", [start + end for end in ("-é", "-b", "-B", "-9", "-10")]),
    ):
        found = stack.rest.list(path, ordering=ordering, **ours)
        assert [one["name"] for one in found] == expected
