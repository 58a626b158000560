"""The lists of the REST API ask the database as often for many rows as for few."""

import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from pulp_cargo.app.models import CargoRepository, CrateContent

FEW, MANY = 3, 30
LISTS = (
    "repositories/cargo/cargo/",
    "distributions/cargo/cargo/",
    "remotes/cargo/cargo/",
    "cargo/tokens/",
    "content/cargo/crates/",
    "content/cargo/yanks/",
)
LINE = '{"name":"%s","vers":"1.0.0","deps":[],"cksum":"%s","features":{},"yanked":false}'


@pytest.fixture(scope="module")
def client() -> "Client":
    """The API app in this process, as the administrator sees it."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.get(username="admin"))
    return client


@pytest.fixture
def prefix(
    new_repository: "Callable[..., CargoRepository]", new_crate: "Callable[..., CrateContent]"
) -> Iterator[str]:
    """The beginning of the names of objects of every kind, each with all that it can refer to."""
    from django.contrib.auth import get_user_model

    from pulpcore.plugin.models import ContentRedirectContentGuard

    from pulp_cargo.app import models
    from pulp_cargo.app.services import tokens

    prefix = f"l{secrets.token_hex(5)}"
    admin = get_user_model().objects.get(username="admin")
    guard = ContentRedirectContentGuard.objects.create(name=prefix)
    made: list[Any] = []
    for number in range(MANY):
        name = f"{prefix}-{number}"
        remote = models.CargoRemote.objects.create(name=name, url="sparse+https://x.example/")
        repository = new_repository(remote=remote)
        models.CargoRepository.objects.filter(pk=repository.pk).update(name=name)
        distribution = models.CargoDistribution.objects.create(
            name=name,
            base_path=name,
            repository_version=repository.latest_version(),
            remote=remote,
            content_guard=guard,
        )
        tokens.issue(name=name, user=admin, distribution=distribution)
        crate = new_crate(name)
        line = LINE % (name, crate.cksum)
        models.CrateContent.objects.filter(pk=crate.pk).update(index_line=line)
        made += [distribution, remote]
        models.CrateYank.objects.create(canonical_name=name, vers_key="1.0.0")
    yield prefix
    for one in [*made, guard]:
        one.delete()


def test_a_list_makes_no_query_for_each_row(client: "Client", prefix: str) -> None:
    """A page of 30 rows costs the statements of a page of 3, whatever the rows refer to."""
    few = {path: _count(client, path, prefix, FEW) for path in LISTS}
    many = {path: _count(client, path, prefix, MANY) for path in LISTS}
    assert many == few


def _count(client: "Client", path: str, prefix: str, rows: int) -> int:
    """Return how many statements a page of a list takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    names = ",".join(f"{prefix}-{number}" for number in range(MANY))
    key = "canonical_name__in" if path.endswith("yanks/") else "name__in"
    wanted = {"limit": rows, key: names}
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/pulp/api/v3/{path}", wanted)
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["results"]) == rows, path
    return len(queries)
