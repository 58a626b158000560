"""Versions that crate policies held back are recorded, a little later and in one statement."""

import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.rules.crate_policy import CratePolicy
from pulp_cargo.rules.verdicts import Outcome, Rule, Verdict

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoCratePolicy
    from pulp_cargo.app.services.policies.refusal_log import RefusalLog
    from pulp_cargo.rules.policy_decision import Refusal


@pytest.fixture
def policy() -> "Iterator[CargoCratePolicy]":
    """A policy."""
    from pulp_cargo.app.models import CargoCratePolicy

    made = CargoCratePolicy.objects.create(name=f"db-{secrets.token_hex(5)}")
    yield made
    CargoCratePolicy.objects.filter(pk=made.pk).delete()


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> "RefusalLog":
    """A recorder that writes when it is told to."""
    from pulp_cargo.app.services.policies import refusal_log

    monkeypatch.setattr(refusal_log, "WRITE_AFTER", 3600.0)
    return refusal_log.RefusalLog()


@pytest.fixture
def refusal(policy: "CargoCratePolicy") -> "Callable[..., Refusal]":
    """What the rules said of a version of `leaf`."""
    from pulp_cargo.rules.crate_policy import NamedPolicy
    from pulp_cargo.rules.policy_decision import Refusal

    def make(vers: str = "1.0.0", rule: Rule = Rule.BLOCK, enforced: bool = True) -> "Refusal":
        verdict = Verdict(Outcome.BLOCKED, rule, f"`leaf {vers}` is blocked", enforced=enforced)
        return Refusal(NamedPolicy(policy.pk, policy.name, CratePolicy()), "leaf", vers, verdict)

    return make


def rows(policy: "CargoCratePolicy") -> list[tuple[Any, ...]]:
    """What is recorded."""
    return sorted(policy.held.values_list("vers", "rule", "dry_run", "times"))


def test_records_are_counted(
    policy: "CargoCratePolicy", recorder: "RefusalLog", refusal: "Callable[..., Refusal]"
) -> None:
    """By version and rule, over any number of writes; the first and last time stay."""
    for _ in range(3):
        recorder.note([refusal(), refusal("1.1.0", Rule.ALLOW, enforced=False)])
    assert rows(policy) == []
    recorder.write()
    first = policy.held.get(vers="1.0.0")
    assert (first.name, first.sentence) == ("leaf", "`leaf 1.0.0` is blocked")
    recorder.note([refusal()])
    recorder.write()
    assert rows(policy) == [("1.0.0", "block", False, 4), ("1.1.0", "allow", True, 3)]
    last = policy.held.get(vers="1.0.0")
    assert last.first_at == first.first_at <= first.last_at < last.last_at


def test_one_write_is_one_statement(
    recorder: "RefusalLog", refusal: "Callable[..., Refusal]"
) -> None:
    """However many records there are."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    recorder.write()
    recorder.note([refusal(f"1.0.{number}") for number in range(500)])
    with CaptureQueriesContext(connection) as queries:
        recorder.write()
    assert len(queries) == 1
    with CaptureQueriesContext(connection) as queries:
        recorder.write()
    assert len(queries) == 0


def test_records_are_written_by_themselves(
    policy: "CargoCratePolicy",
    refusal: "Callable[..., Refusal]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a thread, so that nobody waits for the database."""
    from pulp_cargo.app.services.policies import refusal_log

    monkeypatch.setattr(refusal_log, "WRITE_AFTER", 0.05)
    recorder = refusal_log.RefusalLog()
    recorder.note([refusal()])
    deadline = time.monotonic() + 10
    while not rows(policy) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert rows(policy) == [("1.0.0", "block", False, 1)]


def test_records_of_a_deleted_policy_are_dropped(
    policy: "CargoCratePolicy", recorder: "RefusalLog", refusal: "Callable[..., Refusal]"
) -> None:
    """And hold up no others."""
    from pulp_cargo.app.models import CargoCratePolicy, HeldVersion

    recorder.note([refusal()])
    CargoCratePolicy.objects.filter(pk=policy.pk).delete()
    recorder.write()
    assert not HeldVersion.objects.filter(policy=policy.pk).exists()


def test_memory_is_bounded(
    policy: "CargoCratePolicy",
    recorder: "RefusalLog",
    refusal: "Callable[..., Refusal]",
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What is too much is not recorded, and the log says so; what is there counts on."""
    from pulp_cargo.app.services.policies import refusal_log

    monkeypatch.setattr(refusal_log, "MOST_WAITING", 2)
    recorder.note([refusal("1.0.0"), refusal("1.0.1"), refusal("1.0.2"), refusal("1.0.0")])
    recorder.write()
    assert rows(policy) == [("1.0.0", "block", False, 2), ("1.0.1", "block", False, 1)]
    assert "1 records of held versions were too many to be kept." in caplog.messages


def test_records_wait_for_a_database_that_is_away(
    policy: "CargoCratePolicy",
    recorder: "RefusalLog",
    refusal: "Callable[..., Refusal]",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A restart of PostgreSQL loses none."""
    from django.db import OperationalError

    from pulp_cargo.app.services.policies import refusal_log

    def away(records: object) -> None:
        raise OperationalError("the database system is shutting down")

    recorder.note([refusal()])
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(refusal_log, "_upsert", away)
        recorder.write()
    recorder.note([refusal()])
    recorder.write()
    assert rows(policy) == [("1.0.0", "block", False, 2)]


def test_old_records_are_forgotten(policy: "CargoCratePolicy", recorder: "RefusalLog") -> None:
    """Those of a version that was last held back 90 days ago."""
    from pulp_cargo.app.models import HeldVersion

    for days in (89, 91):
        at = datetime.now(UTC) - timedelta(days=days)
        HeldVersion.objects.create(
            policy=policy,
            name="leaf",
            vers=f"1.0.{days}",
            rule="block",
            sentence="",
            dry_run=False,
            first_at=at,
            last_at=at,
        )
    recorder.write()
    assert rows(policy) == [("1.0.89", "block", False, 1)]
