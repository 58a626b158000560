"""Two writers of the same things at the same time; each thread has a connection of its own."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from pulp_cargo.protocol.listing import ListedCrate, parse_crate
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.upstream import line_of

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, CrateContent
    from pulp_cargo.app.services.publish.draft import Draft

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query ~ 'INSERT INTO cargo_cratecontent'
"""
WORD = "somebody's"
RENAMED = "sparse+https://old.example/index/"
PUBLISHED = "sparse+https://other.example/index/"


@pytest.fixture
def other() -> Iterator[Callable[..., Future[Any]]]:
    """Runs something in another thread, which closes its connection."""
    pool = ThreadPoolExecutor(1)

    def run(what: Callable[..., Any], *args: Any) -> Any:
        try:
            return what(*args)
        finally:
            connection.close()

    yield lambda what, *args: pool.submit(run, what, *args)
    pool.shutdown()


def units(*crates: Crate) -> "list[CrateContent]":
    """Return new units as a sync makes them, the same each time."""
    from pulp_cargo.app.services.crates.build_unit import of_listing

    lines = [parse_crate(json.dumps(line_of(crate)).encode()) for crate in crates]
    return [of_listing(line, WORD) for line in lines if isinstance(line, ListedCrate)]


def is_waiting() -> bool:
    """Whether somebody waits for another to insert a crate."""
    with connection.cursor() as cursor:
        # Within a transaction PostgreSQL would say the same each time.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(WAITING)
        return bool(cursor.fetchone() == (1,))


def stored(name: str) -> list[str]:
    """Return the versions of a crate that are stored, those that come twice twice."""
    from pulp_cargo.app.models import CrateContent

    return sorted(CrateContent.objects.filter(name=name).values_list("vers", flat=True))


def test_syncs_insert_in_one_order(
    repository: "CargoRepository", name: str, other: Callable[..., Future[None]]
) -> None:
    """The one that waits holds nothing yet, whatever the order of its listing."""
    from pulp_cargo.app.services.crates import unit_rows
    from pulp_cargo.app.services.sync import listing_units as sync_units

    domain = repository.pulp_domain
    first, last = Crate(name, "1.0.0"), Crate(name, "2.0.0")
    with transaction.atomic(), connection.cursor() as cursor:
        unit_rows.save_units(units(first), domain)
        theirs = other(sync_units.save_batch, units(last, first), domain)
        assert launcher.wait_for(is_waiting)
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        unit_rows.save_units(units(last), domain)
    theirs.result(20)
    assert stored(name) == ["1.0.0", "2.0.0"]


def test_sync_that_waits_in_a_circle_tries_again(
    repository: "CargoRepository", name: str, other: Callable[..., Future[None]]
) -> None:
    """PostgreSQL ends the one that has waited longest; the next time it finds what there is."""
    from pulp_cargo.app.services.crates import unit_rows
    from pulp_cargo.app.services.sync import listing_units as sync_units

    domain = repository.pulp_domain
    first, last = Crate(name, "1.0.0"), Crate(name, "2.0.0")
    with transaction.atomic():
        unit_rows.save_units(units(last), domain)
        theirs = other(sync_units.save_batch, units(first, last), domain)
        assert launcher.wait_for(is_waiting)
        unit_rows.save_units(units(first), domain)
    theirs.result(20)
    assert stored(name) == ["1.0.0", "2.0.0"]


def test_other_errors_of_the_database_are_not_tried_again(
    repository: "CargoRepository", name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether a connection that broke has committed nobody knows."""
    from pulp_cargo.app.services.crates import unit_rows
    from pulp_cargo.app.services.sync import listing_units as sync_units

    attempts = []

    def fail(*args: object) -> None:
        attempts.append(args)
        raise OperationalError("the connection is gone")

    monkeypatch.setattr(unit_rows, "save_units", fail)
    with pytest.raises(OperationalError, match="is gone"):
        sync_units.save_batch(units(Crate(name)), repository.pulp_domain)
    assert len(attempts) == 1


def test_aliases_that_come_during_a_publish_stay(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    name: str,
    other: Callable[..., Future[bool]],
) -> None:
    """The publish has read what there was before; both are there afterwards."""
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.models.registry_urls import add_aliases
    from pulp_cargo.app.services.publish import commit

    class Change:
        """Yanks, as a publish with a URL of its own would add a crate."""

        keys = (name, "1.0.0")
        crates = ()
        actor = None

        def apply(self, draft: "Draft") -> None:
            assert other(add_aliases, repository.pk, [RENAMED]).result(20)
            draft.set_yanked(*self.keys, yanked=True)
            draft.add_aliases([PUBLISHED])

    publish(repository, name)
    assert commit.commit(repository.pk, repository.pulp_domain, [Change()]).refusals == [None]
    aliases = CargoRepository.objects.get(pk=repository.pk).index_aliases
    assert sorted(aliases) == [RENAMED, PUBLISHED]
    assert not add_aliases(repository.pk, [RENAMED, RENAMED])
