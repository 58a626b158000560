"""Lists of units: no query for each row, whole and stable pages, and just what a version holds."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository

Page = Callable[..., tuple[list[str], int, int]]


@pytest.fixture
def page() -> Page:
    """`page(limit=…)` is a page of crates as an administrator sees it: names, queries, count."""
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test.utils import CaptureQueriesContext
    from rest_framework.test import APIRequestFactory, force_authenticate

    from pulpcore.plugin.models import Domain

    from pulp_cargo.app.models.core import with_domain
    from pulp_cargo.app.viewsets import CrateContentViewSet

    def show(**query: Any) -> tuple[list[str], int, int]:
        request = APIRequestFactory().get("/pulp/api/v3/content/cargo/crates/", query)
        force_authenticate(request, get_user_model().objects.get(username="admin"))
        request.pulp_domain = Domain.objects.get(name="default")
        with with_domain(request.pulp_domain), CaptureQueriesContext(connection) as queries:
            answer = CrateContentViewSet.as_view({"get": "list"})(request).render()
        assert answer.status_code == 200, answer.content
        names = [unit["name"] for unit in answer.data["results"]]
        return names, len(queries), answer.data["count"]

    return show


@pytest.fixture
def version(repository: "CargoRepository", publish: Callable[..., UUID]) -> tuple[str, list[str]]:
    """A version of twelve crates: its href, and the crates' names, the newest first."""
    names = [f"list-{secrets.token_hex(5)}-{number}" for number in range(12)]
    publish(repository, *names)
    href = f"/pulp/api/v3/repositories/cargo/cargo/{repository.pk}/versions/1/"
    return href, names[::-1]


def test_more_rows_take_no_more_queries(page: Page, version: tuple[str, list[str]]) -> None:
    """What a row shows beside its own table is asked for once for all rows."""
    few, many = (page(limit=limit, repository_version=version[0]) for limit in (2, 12))
    assert (len(few[0]), len(many[0])) == (2, 12)
    assert few[1] == many[1]


@pytest.mark.parametrize("large", [10_000, 5], ids=["small version", "large version"])
def test_pages_show_each_unit_of_the_version_once(
    page: Page, version: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    """The newest come first, whichever way the version is looked through."""
    from pulp_cargo.app.viewsets import unit_lists

    monkeypatch.setattr(unit_lists, "LARGE_VERSION", large)
    href, names = version
    pages = [page(limit=5, offset=at, repository_version=href) for at in (0, 5, 10)]
    assert [name for shown, _, _ in pages for name in shown] == names
    assert {count for _, _, count in pages} == {12}
    assert page(repository_version=href, name=names[3])[0] == [names[3]]
    assert page(repository_version=href, name__startswith="other")[0] == []


def test_each_version_shows_what_it_holds(
    page: Page,
    repository: "CargoRepository",
    version: tuple[str, list[str]],
    publish: Callable[..., UUID],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What came later is not in a large version, and what went later still is."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.viewsets import unit_lists

    monkeypatch.setattr(unit_lists, "LARGE_VERSION", 5)
    first, names = version
    publish(repository, later := f"list-{secrets.token_hex(5)}")
    with repository.new_version() as third:
        third.remove_content(CrateContent.objects.filter(name=names[0]))
    second, last = (first.replace("/1/", f"/{number}/") for number in (2, 3))
    assert page(repository_version=first)[0] == names
    assert page(repository_version=second)[0] == [later, *names]
    assert page(repository_version=last)[0] == [later, *names[1:]]


def test_order_that_is_asked_for(page: Page, version: tuple[str, list[str]]) -> None:
    """`ordering` goes before the age."""
    href, names = version
    assert page(repository_version=href, ordering="name")[0] == sorted(names)
    assert page(repository_version=href, ordering="-name", limit=3)[0] == sorted(names)[:-4:-1]
