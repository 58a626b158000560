"""What the rules for an upstream say of a version."""

import pytest

from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.policies.crate_policy import (
    CratePolicy,
    Entry,
    Exemption,
    Facts,
    Outcome,
    Rule,
)
from pulp_cargo.rules.policies.evaluate import evaluate_version
from pulp_cargo.tests.unit.rules.policies import DAY, NOW, facts

COOLDOWN = CratePolicy(cooldown_days=7)
BLOCKED_TWO = Entry("leaf*", parse_requirement(">=2"), "breaks our build")
NOT_THEIRS = Entry("other")


def said(policy: CratePolicy, known: Facts, **more: object) -> tuple[Outcome, Rule]:
    verdict = evaluate_version(policy, known, NOW, **more)
    return verdict.outcome, verdict.rule


def test_without_rules_everything_is_served():
    """Even what is yanked, brand new, and of an unknown licence."""
    verdict = evaluate_version(CratePolicy(), facts(since=NOW, yanked=True), NOW)
    assert (verdict.outcome, verdict.rule, verdict.until) == (Outcome.SERVED, Rule.NONE, None)
    assert verdict.sentence == "`leaf 1.0.0` is served: no rule refuses it"
    assert verdict.is_open
    assert evaluate_version(CratePolicy(), facts(since=NOW + DAY), NOW).is_open


def test_blocked_version_names_its_line():
    """By name and version requirement, with the reason that was given."""
    policy = CratePolicy(block=(NOT_THEIRS, BLOCKED_TWO))
    verdict = evaluate_version(policy, facts("2.1.0-rc.1", name="Leaf-Core"), NOW)
    assert (verdict.outcome, verdict.rule) == (Outcome.BLOCKED, Rule.BLOCK)
    assert verdict.sentence == (
        "`Leaf-Core 2.1.0-rc.1` is blocked by the block list: `leaf* >=2`, breaks our build"
    )
    assert said(policy, facts("1.9.9")) == (Outcome.SERVED, Rule.NONE)


def test_allow_list_lets_nothing_else_in():
    """Where there is one; an empty one lets nothing in."""
    policy = CratePolicy(allow=(Entry("leaf*"),))
    assert said(policy, facts()) == (Outcome.SERVED, Rule.NONE)
    verdict = evaluate_version(policy, facts(name="other"), NOW)
    assert (verdict.outcome, verdict.rule) == (Outcome.BLOCKED, Rule.ALLOW)
    assert verdict.sentence == "`other 1.0.0` is blocked because it is not on the allow list"
    assert said(CratePolicy(allow=()), facts()) == (Outcome.BLOCKED, Rule.ALLOW)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("MIT/Zlib", None),
        (None, None),
        ("Zlib", "`Zlib` is not; the allowed licences are Apache-2.0, MIT"),
        ("", "it names none; the allowed licences are Apache-2.0, MIT"),
        (
            "My own",
            "`license` 'My own' is not an SPDX expression: Invalid license expression: 'My own'",
        ),
    ],
)
def test_license_is_one_of_those_allowed(text, why):
    """From the manifest, once fetched: what is not known yet passes."""
    verdict = evaluate_version(
        CratePolicy(licenses=frozenset({"MIT", "Apache-2.0"})), facts(license=text), NOW
    )
    if why is None:
        assert verdict.is_open
    else:
        assert (verdict.outcome, verdict.rule) == (Outcome.BLOCKED, Rule.LICENSE)
        assert verdict.sentence == f"`leaf 1.0.0` is blocked by its licence: {why}"


def test_yanked_version_is_kept_or_hidden():
    """Kept as yanked, unless the rules hide it."""
    assert said(CratePolicy(), facts(yanked=True)) == (Outcome.SERVED, Rule.NONE)
    verdict = evaluate_version(CratePolicy(hide_yanked=True), facts(yanked=True), NOW)
    assert (verdict.outcome, verdict.rule) == (Outcome.HIDDEN, Rule.YANKED)
    assert verdict.sentence == "`leaf 1.0.0` is hidden because it is yanked"
    assert not verdict.is_open


def test_exception_lifts_every_rule_but_the_block_list_until_it_ends():
    """By name, with a reason and an end."""
    exemption = Exemption(Entry("leaf", reason="needed for the release"), NOW + DAY)
    strict = CratePolicy(
        cooldown_days=7,
        allow=(),
        licenses=frozenset(),
        hide_yanked=True,
        exceptions=(exemption,),
        block=(BLOCKED_TWO,),
    )
    known = facts("1.0.0", NOW, yanked=True, license="Zlib")
    verdict = evaluate_version(strict, known, NOW)
    assert (verdict.outcome, verdict.rule) == (Outcome.SERVED, Rule.EXCEPTION)
    assert verdict.until == NOW + DAY
    assert verdict.sentence == (
        "`leaf 1.0.0` is served until 2031-03-11 12:00 UTC by an exception: "
        "`leaf *`, needed for the release"
    )
    assert evaluate_version(strict, known, NOW + DAY).rule is Rule.ALLOW
    assert said(strict, facts("2.0.0")) == (Outcome.BLOCKED, Rule.BLOCK)


@pytest.mark.parametrize(
    ("policy", "outcome", "rule"),
    [
        (COOLDOWN, Outcome.SERVED, Rule.SERVED_BEFORE),
        (CratePolicy(hide_yanked=True), Outcome.SERVED, Rule.SERVED_BEFORE),
        (CratePolicy(block=(Entry("leaf"),)), Outcome.BLOCKED, Rule.BLOCK),
        (CratePolicy(allow=()), Outcome.BLOCKED, Rule.ALLOW),
        (CratePolicy(licenses=frozenset({"MIT"})), Outcome.BLOCKED, Rule.LICENSE),
        (CratePolicy(), Outcome.SERVED, Rule.NONE),
    ],
)
def test_what_was_served_before_stays_unless_it_is_blocked(policy, outcome, rule):
    """Lock files name it; only what is blocked outright is taken from them."""
    known = facts(since=NOW, yanked=True, license="Zlib", served_before=True)
    assert said(policy, known) == (outcome, rule)


def test_version_that_was_served_before_names_the_rule_that_it_escapes() -> None:
    """Who looks for the reason finds the rule that else decides."""
    known = facts(since=NOW, served_before=True)
    assert evaluate_version(COOLDOWN, known, NOW).sentence == (
        "`leaf 1.0.0` was served before; otherwise the rule `cooldown` would apply"
    )


def test_dry_run_says_what_would_be_and_serves_all():
    """The verdict is the same, and nothing comes of it."""
    dry = CratePolicy(cooldown_days=7, dry_run=True)
    verdict = evaluate_version(dry, facts(since=NOW), NOW)
    assert (verdict.outcome, verdict.enforced, verdict.is_open) == (Outcome.HELD, False, True)
    assert verdict.sentence == evaluate_version(COOLDOWN, facts(since=NOW), NOW).sentence
