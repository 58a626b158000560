"""The lists of the REST API ask the database as often for many rows as for few."""

import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.tests.support.rest import LISTS

if TYPE_CHECKING:
    from django.test import Client

    from pulp_cargo.app.models import CargoRepository, CrateContent

FEW, MANY, THOUSAND = 3, 10, 1000
LINE = '{"name":"%s","vers":"1.0.0","deps":[],"cksum":"%s","features":{},"yanked":false}'


@pytest.fixture
def prefix(
    new_repository: "Callable[..., CargoRepository]", new_crate: "Callable[..., CrateContent]"
) -> Iterator[str]:
    """The beginning of the names of objects of every kind, each with all that it can refer to."""
    from django.contrib.auth import get_user_model

    from pulpcore.plugin.models import ContentRedirectContentGuard

    from pulp_cargo.app import models
    from pulp_cargo.app.services import tokens, upstream_list

    prefix = f"l{secrets.token_hex(5)}"
    admin = get_user_model().objects.get(username="admin")
    guard = ContentRedirectContentGuard.objects.create(name=prefix)
    made: list[Any] = []
    for number in range(MANY):
        name = f"{prefix}-{number}"
        policy = models.CargoCratePolicy.objects.create(name=name)
        remote = models.CargoRemote.objects.create(
            name=name, url="sparse+https://x.example/", crate_policy=policy
        )
        repository = new_repository(remote=remote)
        models.CargoRepository.objects.filter(pk=repository.pk).update(name=name)
        distribution = models.CargoDistribution.objects.create(
            name=name,
            base_path=name,
            repository_version=repository.latest_version(),
            remote=remote,
            crate_policy=policy,
            content_guard=guard,
        )
        listed = {"name": "up", "remote": remote, "repository": repository, "patterns": ["*"]}
        upstream_list.replace(distribution, [listed], None)
        tokens.issue(name=name, user=admin, distribution=distribution)
        crate = new_crate(name)
        line = LINE % (name, crate.cksum)
        models.CrateContent.objects.filter(pk=crate.pk).update(index_line=line)
        made += [distribution, remote, policy]
        models.CrateYank.objects.create(canonical_name=name, vers="1.0.0")
    yield prefix
    for one in [*made, guard]:
        one.delete()


@pytest.fixture
def thousand(domain: Any) -> Iterator[str]:
    """The beginning of the names of a thousand repositories, each with its first version."""
    from pulpcore.plugin.models import Repository, RepositoryVersion

    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.crates import unit_rows

    prefix = f"k{secrets.token_hex(5)}"
    made = [CargoRepository(name=f"{prefix}-{number}") for number in range(THOUSAND)]
    for one in made:
        one.pulp_type, one.repository_ptr_id = CargoRepository.get_pulp_type(), one.pulp_id
        one.pulp_domain, one.next_version = domain, 1
    rows = unit_rows.NewRows()
    rows.add(Repository, made)
    rows.add(CargoRepository, made)
    rows.insert()
    versions = [RepositoryVersion(repository=one, number=0, complete=True) for one in made]
    RepositoryVersion.objects.bulk_create(versions)
    yield prefix
    ids = [one.pk for one in made]
    RepositoryVersion.objects.filter(repository__in=ids)._raw_delete("default")
    CargoRepository.objects.filter(pk__in=ids)._raw_delete("default")
    Repository.objects.filter(pk__in=ids)._raw_delete("default")


def test_thousand_repositories_take_the_statements_of_three(
    client: "Client", thousand: str
) -> None:
    """On one page, as `pulp cargo repository list --limit 1000` asks for them."""
    path = "repositories/cargo/cargo/"
    few, many = (
        _count(client, path, {"name__startswith": thousand}, rows) for rows in (FEW, THOUSAND)
    )
    assert many == few


def test_a_list_makes_no_query_for_each_row(client: "Client", prefix: str) -> None:
    """A page of 10 rows costs the statements of a page of 3, whatever the rows refer to."""
    names = ",".join(f"{prefix}-{number}" for number in range(MANY))
    few, many = (
        {path: _count(client, path, _named(path, names), rows) for path in LISTS}
        for rows in (FEW, MANY)
    )
    assert many == few


def _named(path: str, names: str) -> dict[str, str]:
    return {"canonical_name__in" if path.endswith("yanks/") else "name__in": names}


def _count(client: "Client", path: str, wanted: dict[str, str], rows: int) -> int:
    """Return how many statements a page of a list takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(f"/pulp/api/v3/{path}", {"limit": rows, **wanted})
    assert answer.status_code == 200, answer.content
    assert len(answer.json()["results"]) == rows, path
    return len(queries)
