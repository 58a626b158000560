"""Tests of models, queries and services in this process, on the running stack's own database.

Nothing is rolled back: each test makes a repository of its own, as the product does.
"""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import psycopg
import pytest

from pulp_cargo.rules.owners import Actor
from pulp_cargo.rules.token_scopes import Scope
from pulp_cargo.tests.database.dependencies import add_crate
from pulp_cargo.tests.database.upstreams import made, new_distribution, new_remote
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.django_setup import set_up
from pulp_cargo.tests.support.keys import key
from pulp_cargo.tests.support.stack import Stack

if TYPE_CHECKING:
    from django.test import Client

    from pulp_cargo.app.models import CargoRepository, CrateContent
    from pulp_cargo.app.services.publish.publish import Publish


__all__ = ["add_crate", "key", "made", "new_distribution", "new_remote"]


@pytest.fixture(scope="session", autouse=True)
def django_of_the_stack(stack: Stack) -> None:
    """Set Django up with the settings of the running stack."""
    set_up(stack.data_dir / "settings.py")
    from django.conf import settings

    assert settings.DATABASES["default"]["HOST"] == stack.settings["DATABASES"]["default"]["HOST"]


@pytest.fixture(autouse=True)
def own_working_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep files on their way in apart from the stack's, where other tests look for what was left."""
    from pulp_cargo.app.services.crates import incoming_file

    monkeypatch.setattr(incoming_file, "settings", SimpleNamespace(WORKING_DIRECTORY=str(tmp_path)))


@pytest.fixture(scope="session")
def client(django_of_the_stack: None) -> "Client":
    """The API app in this process, as the administrator sees it."""
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.get(username="admin"))
    return client


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that this process sends meanwhile, by Django and past it."""
    statements: list[str] = []

    def noting(send: Callable[..., Any]) -> Callable[..., Any]:
        def noted(cursor: Any, statement: str, *args: Any, **kwargs: Any) -> Any:
            statements.append(statement)
            return send(cursor, statement, *args, **kwargs)

        return noted

    for name in ("execute", "executemany"):
        monkeypatch.setattr(psycopg.Cursor, name, noting(getattr(psycopg.Cursor, name)))
    return statements


@pytest.fixture
def new_repository() -> Iterator[Callable[..., "CargoRepository"]]:
    """Makes repositories that are deleted after the test."""
    from pulp_cargo.app.models import CargoRepository

    made = []

    def make(**fields: Any) -> "CargoRepository":
        made.append(CargoRepository.objects.create(name=f"db-{secrets.token_hex(5)}", **fields))
        return made[-1]

    yield make
    for repository in made:
        CargoRepository.objects.get(pk=repository.pk).delete()


@pytest.fixture
def repository(new_repository: Callable[..., "CargoRepository"]) -> "CargoRepository":
    """An empty repository."""
    return new_repository()


@pytest.fixture
def new_crate() -> Callable[..., "CrateContent"]:
    """Saves crate units without files, by Django alone."""
    from django.utils import timezone

    from pulp_cargo.app.models import CrateContent

    def make(name: str, vers: str = "1.0.0", **fields: Any) -> "CrateContent":
        cksum = secrets.token_hex(32)
        return CrateContent.objects.create(
            name=name,
            canonical_name=name.lower().replace("-", "_"),
            vers=vers,
            vers_key=vers.partition("+")[0],
            cksum=cksum,
            pubtime=timezone.now(),
            index_line=f'{{"name":"{name}","vers":"{vers}","deps":[],"features":{{}},'
            f'"cksum":"{cksum}","yanked":false}}',
            **fields,
        )

    return make


@pytest.fixture
def publish(new_crate: Callable[..., "CrateContent"]) -> Callable[..., UUID]:
    """Adds new crates to a repository by the plugin's own statements; returns the version's id."""
    from django.db import transaction

    from pulp_cargo.app.models import CargoRepository, version_rows
    from pulp_cargo.app.models.repository import lock
    from pulp_cargo.app.queries.repository import head as heads

    def add(
        repository: "CargoRepository | UUID",
        *names: str,
        removed: "list[CrateContent] | None" = None,
    ) -> UUID:
        pk = repository.pk if isinstance(repository, CargoRepository) else repository
        units = [new_crate(name) for name in names]
        with transaction.atomic():
            lock(pk)
            head = heads.read(pk, heads.ask(pk))
            assert head is not None
            return version_rows.write(
                pk,
                head.version,
                head.next_number,
                added=[unit.pk for unit in units],
                removed=[unit.pk for unit in removed or []],
            ).pk

    return add


@pytest.fixture
def domain() -> Any:
    """Pulp's default domain."""
    from pulpcore.plugin.util import get_default_domain

    return get_default_domain()


@pytest.fixture
def prepare() -> Callable[..., "Publish"]:
    """Makes changes that publish a crate, as the endpoint does before the commit."""
    from django.utils import timezone

    from pulp_cargo.app.services.crates.build_unit import of_manifest
    from pulp_cargo.app.services.crates.crate_unit import limits
    from pulp_cargo.app.services.crates.incoming_file import IncomingFile
    from pulp_cargo.app.services.publish.publish import Publish
    from pulp_cargo.rules.read_crate import read_published
    from pulp_cargo.rules.token_scopes import Grant

    def make(crate: Crate, *scopes: Scope, actor: Actor | None = None) -> "Publish":
        file = IncomingFile()
        file.write(crate.packed())
        file.settle()
        manifest, _ = read_published(
            file.rewind(), name=crate.name, vers=crate.vers, limits=limits()
        )
        unit = of_manifest(
            manifest,
            cksum=file.cksum,
            readme=None,
            pubtime=timezone.now(),
            time_source=str(UUID(int=0)),
        )
        grant = Grant(
            user=1,
            username="somebody",
            scopes=frozenset(scopes or Scope),
            asked=frozenset(Scope),
            patterns=(),
            expires_at=None,
            token=None,
            actor=actor,
        )
        return Publish(unit, file, grant, (), frozenset())

    return make
