"""Versions that crate policies held back are recorded, a little later and in one statement."""

import asyncio
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.rules.policies.crate_policy import CratePolicy, Outcome, Rule, Verdict

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoCratePolicy
    from pulp_cargo.app.services.policies.refusal_log import RefusalLog
    from pulp_cargo.rules.policies.policy_decision import Refusal


@pytest.fixture
def policy() -> "Iterator[CargoCratePolicy]":
    """A policy."""
    from pulp_cargo.app.models import CargoCratePolicy

    made = CargoCratePolicy.objects.create(name=f"db-{secrets.token_hex(5)}")
    yield made
    CargoCratePolicy.objects.filter(pk=made.pk).delete()


@pytest.fixture
def recorder() -> "RefusalLog":
    """A recorder that writes when it is told to."""
    return new_recorder()


def new_recorder(seconds: float = 3600.0, **limits: int) -> "RefusalLog":
    """Make a recorder that writes after so long."""
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.services.policies.refusal_log import LIMITS, RefusalLog

    changed = replace(LIMITS, quiet_seconds=seconds, max_age_seconds=seconds, **limits)
    return RefusalLog(BackgroundTasks(), changed)


def note(recorder: "RefusalLog", *refusals: "Refusal") -> None:
    """Note refusals, on an event loop."""

    async def note_all() -> None:
        recorder.note(refusals)

    asyncio.run(note_all())


def write(recorder: "RefusalLog") -> None:
    """Write what was noted."""
    asyncio.run(recorder.flush())


@pytest.fixture
def refusal(policy: "CargoCratePolicy") -> "Callable[..., Refusal]":
    """What the rules said of a version of `leaf`."""
    from pulp_cargo.rules.policies.crate_policy import NamedPolicy
    from pulp_cargo.rules.policies.policy_decision import Refusal

    def make(vers: str = "1.0.0", rule: Rule = Rule.BLOCK, enforced: bool = True) -> "Refusal":
        verdict = Verdict(Outcome.BLOCKED, rule, f"`leaf {vers}` is blocked", enforced=enforced)
        return Refusal(NamedPolicy(policy.pk, policy.name, CratePolicy()), "leaf", vers, verdict)

    return make


def rows(policy: "CargoCratePolicy") -> list[tuple[Any, ...]]:
    """What is recorded."""
    return sorted(policy.refusals.values_list("vers", "rule", "dry_run", "times"))


def test_records_are_counted(
    policy: "CargoCratePolicy", recorder: "RefusalLog", refusal: "Callable[..., Refusal]"
) -> None:
    """By version and rule, over any number of writes; the first and last time stay."""
    for _ in range(3):
        note(recorder, refusal(), refusal("1.1.0", Rule.ALLOW, enforced=False))
    assert rows(policy) == []
    write(recorder)
    first = policy.refusals.get(vers="1.0.0")
    assert (first.name, first.sentence) == ("leaf", "`leaf 1.0.0` is blocked")
    note(recorder, refusal())
    write(recorder)
    assert rows(policy) == [("1.0.0", "block", False, 4), ("1.1.0", "allow", True, 3)]
    last = policy.refusals.get(vers="1.0.0")
    assert last.first_at == first.first_at <= first.last_at < last.last_at


def test_one_write_is_one_statement(
    recorder: "RefusalLog", refusal: "Callable[..., Refusal]"
) -> None:
    """However many records there are."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    recorder.write([])
    note(recorder, *(refusal(f"1.0.{number}") for number in range(500)))
    records = recorder._queue.items(None)
    assert len(records) == 500
    with CaptureQueriesContext(connection) as queries:
        recorder.write(records)
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        recorder.write([])
    assert len(queries) == 0


def test_records_are_written_by_themselves(
    policy: "CargoCratePolicy", refusal: "Callable[..., Refusal]"
) -> None:
    """In a thread, so that nobody waits for the database."""

    async def scene() -> None:
        new_recorder(0.05).note([refusal()])
        async with asyncio.timeout(10):
            while not await asyncio.to_thread(rows, policy):
                await asyncio.sleep(0.02)

    asyncio.run(scene())
    assert rows(policy) == [("1.0.0", "block", False, 1)]


def test_process_that_ends_loses_no_record(
    policy: "CargoCratePolicy", recorder: "RefusalLog", refusal: "Callable[..., Refusal]"
) -> None:
    """They are written though they might wait for others."""

    async def scene() -> None:
        recorder.note([refusal()])
        await recorder.close()

    asyncio.run(scene())
    assert rows(policy) == [("1.0.0", "block", False, 1)]


def test_records_of_a_deleted_policy_are_dropped(
    policy: "CargoCratePolicy", recorder: "RefusalLog", refusal: "Callable[..., Refusal]"
) -> None:
    """And hold up no others."""
    from pulp_cargo.app.models import CargoCratePolicy, PolicyRefusal

    note(recorder, refusal())
    CargoCratePolicy.objects.filter(pk=policy.pk).delete()
    write(recorder)
    assert not PolicyRefusal.objects.filter(policy=policy.pk).exists()


def test_memory_is_bounded(
    policy: "CargoCratePolicy",
    refusal: "Callable[..., Refusal]",
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is too much is not recorded, and the log says so; what is there counts on."""
    recorder = new_recorder(max_waiting=2)
    note(recorder, refusal("1.0.0"), refusal("1.0.1"), refusal("1.0.2"), refusal("1.0.0"))
    write(recorder)
    assert rows(policy) == [("1.0.0", "block", False, 2), ("1.0.1", "block", False, 1)]
    assert (
        "1 records of refused versions were dropped: too many records were waiting."
        in caplog.messages
    )


def test_records_wait_for_a_database_that_is_away(
    policy: "CargoCratePolicy",
    recorder: "RefusalLog",
    refusal: "Callable[..., Refusal]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A restart of PostgreSQL loses none."""
    from django.db import OperationalError

    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.services.policies import refusal_log

    monkeypatch.setattr(timeouts, "REFUSAL_LOG_RETRY_SECONDS", 0.05)
    upsert, tried = refusal_log._upsert, []

    def away_at_first(records: object) -> None:
        tried.append(records)
        if len(tried) == 1:
            raise OperationalError("the database system is shutting down")
        upsert(records)

    monkeypatch.setattr(refusal_log, "_upsert", away_at_first)

    async def scene() -> None:
        recorder.note([refusal()])
        written = asyncio.create_task(recorder.flush())
        while not tried:
            await asyncio.sleep(0.01)
        recorder.note([refusal()])
        await written

    asyncio.run(scene())
    assert rows(policy) == [("1.0.0", "block", False, 2)]


def test_old_records_are_forgotten(policy: "CargoCratePolicy", recorder: "RefusalLog") -> None:
    """Those of a version that was last held back 90 days ago."""
    from pulp_cargo.app.models import PolicyRefusal

    for days in (89, 91):
        at = datetime.now(UTC) - timedelta(days=days)
        PolicyRefusal.objects.create(
            policy=policy,
            name="leaf",
            vers=f"1.0.{days}",
            rule="block",
            sentence="",
            dry_run=False,
            first_at=at,
            last_at=at,
        )
    recorder.write([])
    assert rows(policy) == [("1.0.89", "block", False, 1)]
