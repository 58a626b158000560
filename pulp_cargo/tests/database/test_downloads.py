"""Counts of downloads: several processes add up, and old days are removed."""

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution
    from pulp_cargo.app.services.statistics.write_downloads import Row

# The stack's own processes remove days that are old today.
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
TODAY = NOON.date()
YESTERDAY = TODAY - timedelta(days=1)


@pytest.fixture
def registry(new_distribution: Callable[..., "CargoDistribution"]) -> UUID:
    """The id of a registry."""
    return new_distribution().pk


def row(
    registry: UUID, name: str = "Leaf-a", vers: str = "1.0.0", times: int = 1, ago: int = 0
) -> "Row":
    """Downloads of so many days ago."""
    from pulp_cargo.app.services.statistics.write_downloads import Row

    at = NOON - timedelta(days=ago)
    return Row(str(registry), name, vers, day=at.date(), at=at, times=times)


def add(*rows: "Row") -> None:
    """Write a batch."""
    from pulp_cargo.app.services.statistics import write_downloads

    write_downloads.add(rows)


def sweep(today: date) -> None:
    """Remove old days."""
    from pulp_cargo.app.services.statistics import write_downloads

    write_downloads.remove_old_days(today)


def days(registry: UUID, name: str = "leaf_a") -> list[tuple[str, date, int]]:
    """The counts of a crate per day."""
    from pulp_cargo.app.queries import downloads

    return [(one.vers, one.day, one.downloads) for one in downloads.days_of(registry, name)]


def totals(registry: UUID, *names: str) -> dict[str, tuple[int, int]]:
    """The counts of crates, ever and recently."""
    from pulp_cargo.app.queries import downloads

    found = downloads.totals_of(registry, names or ["leaf-A"])
    return {name: (one.downloads, one.recent) for name, one in found.items()}


def test_counts_are_added_to_those_there(registry: UUID) -> None:
    """Per crate in all spellings, version and day; the last use is the latest."""
    from pulp_cargo.app.models import CrateDownloads
    from pulp_cargo.app.queries.downloads import VersionTotals, versions_of

    add(row(registry, times=2), row(registry, vers="1.1.0"), row(registry, times=3, ago=1))
    add(row(registry, "leaf_A", times=10, ago=1), row(registry, "other", times=5))
    assert totals(registry, "leaf-a", "other", "unknown") == {"leaf_a": (16, 16), "other": (5, 5)}
    assert days(registry) == [
        ("1.0.0", YESTERDAY, 13),
        ("1.0.0", TODAY, 2),
        ("1.1.0", TODAY, 1),
    ]
    assert versions_of(registry, "LEAF_A") == {
        "1.0.0": VersionTotals(15, NOON),
        "1.1.0": VersionTotals(1, NOON),
    }
    crate = CrateDownloads.objects.get(distribution=registry, canonical_name="leaf_a")
    assert (crate.name, crate.last_at) == ("leaf_A", NOON)


def test_registries_are_counted_apart(
    registry: UUID, new_distribution: Callable[..., "CargoDistribution"]
) -> None:
    """A registry shows nothing of another one, in the same domain or not."""
    other = new_distribution().pk
    add(row(registry), row(other, times=7))
    assert totals(registry) == {"leaf_a": (1, 1)}
    assert totals(other) == {"leaf_a": (7, 7)}


def test_deleted_registry_has_no_counts(registry: UUID, made: list[Any]) -> None:
    """They go with it, and later ones are dropped without an error for the others."""
    from pulp_cargo.app.models import CrateDownloads, DailyDownloads, VersionDownloads

    add(row(registry))
    made.pop().delete()
    add(row(registry), row(uuid4()))
    for model, owner in (
        (CrateDownloads, "distribution"),
        (VersionDownloads, "crate__distribution"),
        (DailyDownloads, "version__crate__distribution"),
    ):
        assert not model.objects.filter(**{owner: registry}).exists()


def test_processes_add_up(registry: UUID) -> None:
    """However their batches overlap, and in whatever order their rows are."""
    from django.db import connection

    names = [f"crate-{number}" for number in range(20)]

    def write(seed: int) -> None:
        order = names if seed % 2 else names[::-1]
        for _ in range(10):
            add(*(row(registry, name, vers) for name in order for vers in ("1.0.0", "2.0.0")))
        connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert set(totals(registry, *names).values()) == {(80, 80)}
    assert days(registry, "crate-3") == [
        ("1.0.0", TODAY, 40),
        ("2.0.0", TODAY, 40),
    ]


def test_one_write_is_one_statement(registry: UUID, sent: list[str]) -> None:
    """However many rows there are."""
    rows = [row(registry, f"crate-{number}") for number in range(500)]
    sent.clear()
    add(*rows)
    assert len(sent) == 1


@pytest.mark.parametrize("plan", ["force_custom_plan", "force_generic_plan"])
def test_write_compares_no_row_with_all_others(registry: UUID, plan: str) -> None:
    """PostgreSQL expects few rows; with nested loops, thousands would take minutes."""
    from django.db import connection

    from pulp_cargo.app.services.statistics.write_downloads import ADD

    rows = [
        row(registry, f"crate_{number}", f"{major}.0.0")
        for number in range(200)
        for major in "12345"
    ]
    written = [{**one._asdict(), "canonical": one.name} for one in rows]
    with connection.cursor() as cursor:
        cursor.execute(f"SET plan_cache_mode = {plan}")
        cursor.execute(f"PREPARE counts AS {ADD % {'rows': '$1'}}")
        try:
            explained = "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE counts (%s)"
            cursor.execute(explained, [json.dumps(written, default=str)])
            ((found,),) = cursor.fetchall()
        finally:
            cursor.execute("DEALLOCATE counts; RESET plan_cache_mode")
    compared = [_compared(node) for node in _nodes(found[0]["Plan"])]
    assert len(rows) <= max(compared) <= 50 * len(rows)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan and all parts of it."""
    yield plan
    for part in plan.get("Plans", ()):
        yield from _nodes(part)


def _compared(node: dict[str, Any]) -> int:
    """How many rows, or pairs of rows, a part of a plan has looked at."""
    rows = node["Actual Rows"] + node.get("Rows Removed by Join Filter", 0)
    return int(rows * node["Actual Loops"])


@pytest.mark.parametrize(
    ("ago", "recent"), [(0, 1), (89, 1), (90, 0), (400, 0)], ids=lambda value: str(value)
)
def test_recent_downloads_are_those_of_90_days(registry: UUID, ago: int, recent: int) -> None:
    """Today is one of them. The total stays."""
    add(row(registry, ago=ago))
    sweep(TODAY)
    assert totals(registry) == {"leaf_a": (1, recent)}
    assert len(days(registry)) == recent


def test_old_days_are_removed_in_batches(registry: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what is left is what the crate's recent downloads are the sum of."""
    from pulp_cargo.app.services.statistics import write_downloads

    monkeypatch.setattr(write_downloads, "BATCH_ROWS", 7)
    add(*(row(registry, vers=f"1.{number}.0", times=number) for number in range(1, 4)))
    add(*(row(registry, vers=f"1.0.{number}", ago=100 + number) for number in range(30)))
    assert totals(registry) == {"leaf_a": (36, 36)}
    sweep(TODAY)
    assert totals(registry) == {"leaf_a": (36, 6)}
    assert [count for _, _, count in days(registry)] == [1, 2, 3]


def test_one_process_at_a_time_removes_old_days(registry: UUID) -> None:
    """Another one leaves it at that."""
    from django.db import connection, transaction

    from pulp_cargo.app.runtime.rows import first_row
    from pulp_cargo.app.services.statistics.write_downloads import SWEEP_LOCK, TRY_LOCK

    add(row(registry, ago=100))

    def elsewhere() -> None:
        sweep(TODAY)
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert first_row(TRY_LOCK, {"lock": SWEEP_LOCK}) == (True,)
            pool.submit(elsewhere).result()
            assert len(days(registry)) == 1
        pool.submit(elsewhere).result()
    assert days(registry) == []


def test_random_batches_keep_the_sums_equal(registry: UUID) -> None:
    """The total of a crate is that of its versions, its recent downloads those of its days."""
    import random

    from pulp_cargo.app.queries.downloads import versions_of

    dice = random.Random(secrets.randbits(32))
    for _ in range(20):
        add(
            *(
                row(registry, "leaf", f"1.{dice.randint(0, 3)}.0", dice.randint(1, 9), ago)
                for ago in dice.sample(range(200), 5)
            )
        )
        if dice.random() < 0.3:
            sweep(TODAY)
    sweep(TODAY)
    ((total, recent),) = totals(registry, "leaf").values()
    assert total == sum(one.downloads for one in versions_of(registry, "leaf").values())
    assert recent == sum(count for _, _, count in days(registry, "leaf"))


def test_usage_of_a_registry(registry: UUID) -> None:
    """All downloads, and its crates by use; what was not used recently is no recent use."""
    from pulp_cargo.app.queries.downloads import Usage, usage_of

    assert usage_of(registry) == Usage(0, [], [])
    add(row(registry, "old", times=9, ago=91), row(registry, "much", times=5, ago=1))
    add(row(registry, "few", times=2), row(registry, "also", times=2))
    sweep(TODAY)
    assert usage_of(registry) == Usage(18, ["old", "much", "also", "few"], ["much", "also", "few"])


def test_usage_is_looked_up_once_a_minute(registry: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sorting the counts of many crates takes a while."""
    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.services.statistics.usage import UsageMemory

    async def seen_twice() -> list[int]:
        memory = UsageMemory()
        first = await memory.of(registry)
        await asyncio.to_thread(add, row(registry, times=3))
        return [first.downloads, (await memory.of(registry)).downloads]

    assert asyncio.run(seen_twice()) == [0, 0]
    monkeypatch.setattr(timeouts, "USAGE_MEMORY_SECONDS", 0)
    assert asyncio.run(seen_twice()) == [3, 6]
