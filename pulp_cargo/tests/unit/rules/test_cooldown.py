"""Young versions are held back, unless they fix an advisory."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from pulp_cargo.protocol.semver import VersionRange, parse_version
from pulp_cargo.rules.policies.advisories import Advisory
from pulp_cargo.rules.policies.crate_policy import CratePolicy, Entry, Facts, Outcome, Rule
from pulp_cargo.rules.policies.evaluate import evaluate_crate, evaluate_version
from pulp_cargo.tests.unit.rules.policies import DAY, NOW, facts

COOLDOWN = CratePolicy(cooldown_days=7)


def fault(below: str) -> Advisory:
    """An advisory that affects what is below a version, and is patched from there on."""
    patched = (VersionRange(parse_version(below)),)
    return Advisory("RUSTSEC-2031-0001", "leaf", (VersionRange(),), patched, patched)


def said(policy: CratePolicy, known: Facts, **more: object) -> tuple[Outcome, Rule]:
    verdict = evaluate_version(policy, known, NOW, **more)
    return verdict.outcome, verdict.rule


def test_young_version_is_held_until_its_cooldown_ends():
    """Versions younger than N days are held back, with the moment at which they come in."""
    verdict = evaluate_version(COOLDOWN, facts(since=NOW - 2 * DAY), NOW)
    assert (verdict.outcome, verdict.rule) == (Outcome.HELD, Rule.COOLDOWN)
    assert verdict.until == datetime(2031, 3, 15, 12, 0, tzinfo=UTC)
    assert verdict.sentence == (
        "`leaf 1.0.0` is refused until 2031-03-15 12:00 UTC by the cooldown: its age is counted from"
        " 2031-03-08 12:00 UTC, and it must be 7 days old"
    )
    assert not verdict.is_open


def test_version_comes_in_at_the_very_moment():
    """A second before it is held."""
    assert said(COOLDOWN, facts(since=NOW - 7 * DAY)) == (Outcome.SERVED, Rule.NONE)
    held = facts(since=NOW - 7 * DAY + timedelta(seconds=1))
    assert said(COOLDOWN, held) == (Outcome.HELD, Rule.COOLDOWN)


def test_time_in_the_future_is_held():
    """However far it is."""
    assert evaluate_version(COOLDOWN, facts(since=NOW + DAY), NOW).until == NOW + 8 * DAY
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert said(COOLDOWN, facts(since=last)) == (Outcome.HELD, Rule.COOLDOWN)


def test_release_that_fixes_an_advisory_passes_the_cooldown():
    """Nobody waits for a mend while the newest version that they can have is affected."""
    older = [parse_version("1.0.0")]
    young = facts("1.0.1", NOW)
    verdict = evaluate_version(COOLDOWN, young, NOW, [fault("1.0.1")], older)
    assert (verdict.outcome, verdict.rule) == (Outcome.SERVED, Rule.ADVISORY)
    assert verdict.sentence == (
        "`leaf 1.0.1` is served before its cooldown ends because it fixes RUSTSEC-2031-0001"
    )
    assert evaluate_version(
        COOLDOWN, facts("1.0.1", NOW, served_before=True), NOW, [fault("1.0.1")], older
    ) == (verdict)
    unfixed = said(COOLDOWN, young, advisories=[fault("1.0.2")], older=older)
    assert unfixed == (Outcome.HELD, Rule.COOLDOWN)


def test_nothing_comes_in_behind_a_fix():
    """The first patched release passes early; the next one has nothing left to fix."""
    versions = [facts("1.0.0"), facts("1.0.1", NOW), facts("1.0.2", NOW), facts("2.0.0", NOW)]
    verdicts = evaluate_crate(COOLDOWN, reversed(versions), NOW, [fault("1.0.1")])
    assert [(str(vers), verdict.rule) for vers, verdict in verdicts.items()] == [
        ("1.0.0", Rule.NONE),
        ("1.0.1", Rule.ADVISORY),
        ("1.0.2", Rule.COOLDOWN),
        ("2.0.0", Rule.COOLDOWN),
    ]


@pytest.mark.parametrize("hide", [False, True])
def test_yanking_a_fix_makes_no_room_for_another(hide):
    """Who may yank could otherwise bring in anything at once."""
    policy = CratePolicy(cooldown_days=7, hide_yanked=hide)
    versions = [facts("1.0.0"), facts("1.0.1", yanked=True), facts("1.0.2", NOW)]
    verdicts = evaluate_crate(policy, versions, NOW, [fault("1.0.1")])
    assert verdicts[parse_version("1.0.2")].outcome is Outcome.HELD


def test_held_versions_do_not_count_as_served():
    """The newest that would be served decides, not the newest that there is."""
    versions = [facts("1.0.0"), facts("1.1.0-rc.1", NOW), facts("1.1.0", NOW)]
    verdicts = evaluate_crate(COOLDOWN, versions, NOW, [fault("1.1.0")])
    assert [v.rule for v in verdicts.values()] == [Rule.NONE, Rule.COOLDOWN, Rule.ADVISORY]


@pytest.mark.parametrize("name", ["leaf", "Leaf"])
def test_rules_about_other_crates_change_nothing(name: str) -> None:
    """Of the lists only the lines about the crate are looked at, be it of a single version."""
    lists = {"allow": (Entry("leaf*"), Entry("other")), "block": (Entry("other"), Entry("leaf-*"))}
    verdicts = evaluate_crate(CratePolicy(**lists), [facts(name=name)], NOW, [])
    assert [verdict.rule for verdict in verdicts.values()] == [Rule.NONE]
    blocked = evaluate_crate(CratePolicy(block=(Entry("leaf"),)), [facts(name=name)], NOW, [])
    assert [verdict.rule for verdict in blocked.values()] == [Rule.BLOCK]


@pytest.fixture
def tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clock of a machine that is nine hours ahead of UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "JST-9")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("tokyo")
def test_moment_is_told_in_utc() -> None:
    """Wherever the registry stands."""
    sentence = evaluate_version(COOLDOWN, facts(since=NOW), NOW).sentence
    assert "until 2031-03-17 12:00 UTC" in sentence


def test_crate_without_versions_has_no_verdicts():
    """An index file may be empty."""
    assert evaluate_crate(COOLDOWN, [], NOW, []) == {}
