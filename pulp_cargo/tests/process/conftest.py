"""Tests of what runs inside a Pulp process but needs no database."""

from typing import TYPE_CHECKING, NoReturn

import pytest

from pulp_cargo.tests.support.django_setup import set_up, settings_without_stack

if TYPE_CHECKING:
    from pulp_cargo.app.endpoints.memory.memory import Memory


@pytest.fixture(scope="session", autouse=True)
def django_of_the_run(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Set Django up, without a stack unless another test of this run has one.

    That test may come later in the same process, where the settings have to be the stack's.
    """
    if any("stack" in getattr(item, "fixturenames", ()) for item in request.session.items):
        set_up(request.getfixturevalue("stack").data_dir / "settings.py")
    else:
        set_up(settings_without_stack(tmp_path_factory.mktemp("pulp")))


@pytest.fixture(autouse=True)
def no_database(django_of_the_run: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that uses the database, also where the run has one."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    def fail(connection: BaseDatabaseWrapper) -> NoReturn:
        pytest.fail("this test uses the database; such tests are in `database/`")

    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", fail)


@pytest.fixture
def memory() -> "Memory":
    """The memory of a process that hears the notices."""
    from pulp_cargo.app.endpoints.memory.memory import Memory

    memory = Memory()
    memory.listening = True
    return memory
