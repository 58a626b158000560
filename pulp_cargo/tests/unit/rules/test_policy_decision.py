"""What the crate policies in force leave of an upstream's index file."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.protocol.semver import Version, VersionRange, parse_version
from pulp_cargo.protocol.upstream_index import UpstreamIndex, parse_index_file
from pulp_cargo.rules.policies.advisories import Advisory
from pulp_cargo.rules.policies.crate_policy import (
    CratePolicy,
    Entry,
    Exemption,
    Outcome,
    Rule,
    StoredVersion,
)

if TYPE_CHECKING:
    from pulp_cargo.rules.policies.crate_policy import NamedPolicy
    from pulp_cargo.rules.policies.policy_decision import PolicyDecision

NOW = datetime(2031, 3, 10, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = "2030-01-01T00:00:00Z"
COOLDOWN = CratePolicy(cooldown_days=7)
DRY_RUN = CratePolicy(cooldown_days=7, dry_run=True)
BLOCK = CratePolicy(block=(Entry("leaf", reason="we have our own"),))
# What `1.0.1` is patched for.
ADVISORY = Advisory(
    "RUSTSEC-2031-0001",
    "leaf",
    (VersionRange(),),
    (VersionRange(parse_version("1.0.1")),),
    (VersionRange(parse_version("1.0.1")),),
)


def index(**pubtimes: str | None) -> UpstreamIndex:
    """An index file of `leaf`; `v1_0_0=…` is a version with its time, and one is yanked: 0.9.0."""
    lines = [line("0.9.0", OLD, yanked=True)]
    lines += [line(vers[1:].replace("_", "."), time) for vers, time in pubtimes.items()]
    return parse_index_file("".join(lines).encode(), "leaf")


def line(vers: str, pubtime: str | None = OLD, **more: object) -> str:
    """A line of the file."""
    told = {"name": "leaf", "vers": vers, "deps": [], "cksum": "0" * 64, "yanked": False}
    return json.dumps(told | ({"pubtime": pubtime} if pubtime else {}) | more) + "\n"


def decision(found: UpstreamIndex, *policies: CratePolicy | None, **known: Any) -> "PolicyDecision":
    """What becomes of the file, by rules that are named in order."""
    from pulp_cargo.rules.policies.policy_decision import CrateFacts, evaluate_index

    if "stored" in known:
        stored = known["stored"].items()
        known["stored"] = {vers: StoredVersion("0" * 64, license) for vers, license in stored}
    return evaluate_index(found, "leaf", [named(one) for one in policies], CrateFacts(**known), NOW)


def named(policy: CratePolicy | None) -> "NamedPolicy | None":
    """Rules under a name."""
    from pulp_cargo.rules.policies.crate_policy import NamedPolicy

    return policy and NamedPolicy(uuid4(), "rules", policy)


def test_without_rules_the_file_is_served_as_it_is() -> None:
    """Neither the remote nor the list needs to have a policy."""
    found = index(v1_0_0="2031-03-10T11:00:00Z")
    decided = decision(found, None, None)
    assert (decided.left_out, decided.until, decided.dry_run) == (frozenset(), None, ())
    assert found.serve(decided.left_out) is found.body
    assert decided.refusal("1.0.0") is None
    assert decided.verdict("1.0.0").sentence == "`leaf 1.0.0` is served: no rule refuses it"


def test_young_versions_are_left_out_until_the_first_of_them_is_old_enough() -> None:
    """The file must be filtered anew when that moment comes."""
    decided = decision(
        index(v1_0_0=OLD, v1_1_0="2031-03-05T12:00:00Z", v1_2_0="2031-03-09T12:00:00Z"), COOLDOWN
    )
    assert decided.left_out == {"1.1.0", "1.2.0"}
    assert decided.until == datetime(2031, 3, 12, 12, 0, tzinfo=UTC)
    refusal = decided.refusal("1.1.0")
    assert refusal is not None
    assert (refusal.vers, refusal.verdict.rule) == ("1.1.0", Rule.COOLDOWN)
    assert decided.verdict("1.1.0") == refusal.verdict


def test_version_comes_in_at_the_very_moment() -> None:
    """As `rules/policies/evaluate` has it, also where that is told without a look at the version."""
    found = index(v1_0_0="2031-03-03T12:00:00Z", v1_1_0="2031-03-03T12:00:01Z")
    assert decision(found, COOLDOWN).left_out == {"1.1.0"}


@pytest.mark.parametrize("pubtime", [None, "soon", "2031-03-39T00:00:00Z"])
def test_first_seen_counts_where_there_is_no_time(pubtime: str | None) -> None:
    """What was never seen before is seen now; what is no time counts as none."""
    found = index(v1_0_0=pubtime)
    seen = decision(found, COOLDOWN, first_seen={"1.0.0": "2031-03-04T12:00:00+00:00"})
    assert seen.until == datetime(2031, 3, 11, 12, 0, tzinfo=UTC)
    assert decision(found, COOLDOWN).until == NOW + 7 * DAY
    assert decision(found, COOLDOWN, first_seen={"1.0.0": OLD}).left_out == frozenset()


def test_version_is_open_only_if_all_policies_say_so() -> None:
    """The first refusal counts: that of the remote goes before that of the list."""
    found = index(v1_0_0="2031-03-09T12:00:00Z", v1_1_0=OLD)
    decided = decision(found, COOLDOWN, BLOCK)
    assert decided.left_out == {"0.9.0", "1.0.0", "1.1.0"}
    assert [decided.verdict(vers).rule for vers in ("1.0.0", "1.1.0")] == [
        Rule.COOLDOWN,
        Rule.BLOCK,
    ]
    assert decision(found, BLOCK, COOLDOWN).verdict("1.0.0").rule is Rule.BLOCK


def test_exception_of_one_policy_lifts_no_other() -> None:
    """And its end is a moment at which the file may change."""
    free = Exemption(Entry("leaf", reason="we know them"), NOW + 2 * DAY)
    lenient = CratePolicy(cooldown_days=7, exceptions=(free,))
    found = index(v1_0_0="2031-03-09T12:00:00Z")
    decided = decision(found, lenient)
    assert (decided.left_out, decided.until) == (frozenset(), NOW + 2 * DAY)
    assert decided.verdict("1.0.0").rule is Rule.EXCEPTION
    assert decision(found, lenient, COOLDOWN).left_out == {"1.0.0"}


def test_kept_version_stays_unless_it_is_blocked() -> None:
    """A lock file may name it."""
    found = index(v1_0_0="2031-03-09T12:00:00Z")
    hiding = CratePolicy(cooldown_days=7, hide_yanked=True)
    assert decision(found, hiding).left_out == {"0.9.0", "1.0.0"}
    stored = {"0.9.0": "MIT", "1.0.0": "MIT"}
    assert decision(found, hiding, stored=stored).left_out == frozenset()
    assert decision(found, hiding, licenses=stored).left_out == {"0.9.0", "1.0.0"}
    assert decision(found, BLOCK, stored=stored).left_out == {"0.9.0", "1.0.0"}


def test_licence_counts_once_it_is_known() -> None:
    """A version that names none is under none that is allowed."""
    allowed = CratePolicy(licenses=frozenset({"MIT"}))
    found = index(v1_0_0=OLD, v1_1_0=OLD)
    stored = {"0.9.0": "MIT OR Apache-2.0", "1.0.0": "GPL-3.0-only", "1.1.0": ""}
    assert decision(found, allowed).left_out == frozenset()
    assert decision(found, allowed, stored=stored).left_out == {"1.0.0", "1.1.0"}
    assert decision(found, allowed, licenses=stored).left_out == {"1.0.0", "1.1.0"}


def test_fix_of_an_advisory_comes_in_early() -> None:
    """The release after it does not; that is evaluated by the versions below each."""
    found = index(v1_0_0=OLD, v1_0_1="2031-03-09T12:00:00Z", v1_0_2="2031-03-09T13:00:00Z")
    decided = decision(found, COOLDOWN, advisories=[ADVISORY])
    assert decided.left_out == {"1.0.2"}
    assert decided.verdict("1.0.1").rule is Rule.ADVISORY
    assert decision(found, COOLDOWN).left_out == {"1.0.1", "1.0.2"}


def test_dry_run_leaves_nothing_out_and_tells_what_it_would() -> None:
    """It holds no matter what is enforced beside it."""
    found = index(v1_0_0="2031-03-09T12:00:00Z", v1_1_0=OLD)
    decided = decision(found, DRY_RUN)
    assert (decided.left_out, decided.until) == (frozenset(), None)
    assert [(one.name, one.vers) for one in decided.dry_run] == [("leaf", "1.0.0")]
    assert decided.verdict("1.0.0").outcome is Outcome.HELD
    assert decided.refusal("1.0.0") is None
    both = decision(found, DRY_RUN, BLOCK)
    assert both.left_out == {"0.9.0", "1.0.0", "1.1.0"}
    assert both.verdict("1.0.0").rule is Rule.BLOCK
    assert len(both.dry_run) == 1


def test_allow_list_leaves_out_what_it_does_not_have() -> None:
    """By name and version."""
    allowing = CratePolicy(allow=(Entry("other"),))
    assert decision(index(v1_0_0=OLD), allowing).left_out == {"0.9.0", "1.0.0"}


def test_builds_of_one_version_are_told_apart() -> None:
    """An upstream may have both; one that is kept does not keep the other."""
    body = line("1.0.0+a", "2031-03-09T12:00:00Z") + line("1.0.0+b", "2031-03-09T12:00:00Z")
    found = parse_index_file(body.encode(), "leaf")
    assert decision(found, COOLDOWN, stored={"1.0.0+a": ""}).left_out == {"1.0.0+b"}


def test_unknown_version_has_no_verdict() -> None:
    """Who asks looks into the index file first."""
    with pytest.raises(KeyError):
        decision(index(), COOLDOWN).verdict("9.9.9")


def test_rules_that_say_nothing_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a crate with 500 versions, not even the numbers are read."""
    from pulp_cargo.rules.policies import policy_decision

    seen = []

    def note(text: str) -> Version:
        seen.append(text)
        return parse_version(text)

    versions = [f"1.0.{number}" for number in range(500)]
    found = parse_index_file("".join(map(line, versions)).encode(), "leaf")
    quiet = (COOLDOWN, CratePolicy(block=(Entry("other-*"),), hide_yanked=True))
    monkeypatch.setattr(policy_decision, "parse_version", note)
    assert (decision(found, *quiet).left_out, seen) == (frozenset(), [])
    assert decision(found, BLOCK).left_out == set(seen) == set(versions)


def test_number_with_other_bytes_was_not_served_before() -> None:
    """What is kept of a version says nothing of other bytes under its number, nor its licence."""
    allowed = CratePolicy(licenses=frozenset({"MIT"}), cooldown_days=7)
    young = "2031-03-09T12:00:00Z"
    body = (
        line("1.0.0", young, cksum="1" * 64)
        + line("1.1.0", young)
        + line("1.2.0", OLD, cksum="2" * 64)
    )
    found = parse_index_file(body.encode(), "leaf")
    stored = {"1.0.0": "MIT", "1.1.0": "MIT", "1.2.0": "GPL-3.0-only"}
    assert decision(found, allowed, stored=stored).left_out == {"1.0.0"}


def test_other_bytes_are_as_new_as_when_they_came() -> None:
    """Whatever time the upstream gives them; the cooldown is not that of the number."""
    found = parse_index_file(line("1.0.0", OLD, cksum="1" * 64).encode(), "leaf")
    seen = {"1.0.0": OLD, f"1.0.0 {'1' * 64}": "2031-03-08T12:00:00Z"}
    decided = decision(found, COOLDOWN, first_seen=seen)
    assert decided.left_out == {"1.0.0"}
    assert decided.until == datetime(2031, 3, 15, 12, 0, tzinfo=UTC)
    other = parse_index_file(line("1.0.0", OLD).encode(), "leaf")
    assert decision(other, COOLDOWN, first_seen=seen).left_out == frozenset()


@pytest.mark.parametrize(
    "pubtime",
    [
        "2031-02-31T00:00:00Z",
        "2020-02-31T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "2020-01-01T24:61:00Z",
        "2031-03-10T12:00:01Z",
        "9999-12-31T23:59:59Z",
        "yesterday",
        None,
    ],
)
def test_time_that_is_none_or_lies_ahead_is_unknown(pubtime: str | None) -> None:
    """Then it counts when the version was first seen, and one that nobody has seen is new."""
    found = index(v1_0_0=pubtime)
    assert decision(found, COOLDOWN).left_out == {"1.0.0"}
    assert decision(found, COOLDOWN, first_seen={"1.0.0": OLD}).left_out == frozenset()
    young = decision(found, COOLDOWN, first_seen={"1.0.0": "2031-03-09T12:00:00Z"})
    assert young.until == datetime(2031, 3, 16, 12, 0, tzinfo=UTC)


def test_time_that_lay_ahead_does_not_make_a_version_younger() -> None:
    """No version is from after it was first seen."""
    found = index(v1_0_0="2031-03-09T12:00:00Z")
    seen = {"1.0.0": "2031-03-01T12:00:00Z"}
    assert decision(found, COOLDOWN, first_seen=seen).left_out == frozenset()


DIGEST = """
from datetime import UTC, datetime
from uuid import UUID
from pulp_cargo.rules.policies.crate_policy import CratePolicy, NamedPolicy
from pulp_cargo.rules.policies.policy_decision import AgelessRules
licenses = frozenset(f"License-{number}" for number in range(20))
policies = [NamedPolicy(UUID(int=1), "one", CratePolicy(licenses=licenses)),
            NamedPolicy(UUID(int=2), "two", CratePolicy(allow=()))]
for some in (policies, policies[::-1]):
    print(AgelessRules(some, datetime(2031, 1, 1, tzinfo=UTC)).digest)
"""


def test_digest_of_rules_is_that_of_every_process() -> None:
    """By it processes agree whether something is up to date, whatever the order of sets and rows."""
    found = {
        digest
        for seed in "12"
        for digest in subprocess.check_output(
            [sys.executable, "-c", DIGEST], env=os.environ | {"PYTHONHASHSEED": seed}, text=True
        ).split()
    }
    assert len(found) == 1


def test_digest_of_rules_changes_with_them() -> None:
    """With each rule that may refuse what was served before, and when an exception ends."""
    from pulp_cargo.rules.policies.policy_decision import AgelessRules

    def digest(policy: CratePolicy, now: datetime = NOW) -> str:
        one = named(policy)
        assert one is not None
        return AgelessRules([one], now).digest

    ending = replace(BLOCK, exceptions=(Exemption(Entry("leaf", reason="x"), NOW + DAY),))
    policies = [BLOCK, CratePolicy(allow=()), CratePolicy(licenses=frozenset({"MIT"})), ending]
    found = [*map(digest, policies), digest(ending, NOW + 2 * DAY)]
    assert len(set(found)) == 5
    assert digest(BLOCK) == digest(BLOCK, NOW + DAY)


def test_refusals_are_those_of_each_version() -> None:
    """Each by the first policy that refuses it, in the order in which they are wanted."""
    found = index(v1_0_0=OLD, v1_10_0=None, v1_9_0=None, v2_0_0=OLD)
    blocked = CratePolicy(block=(Entry("leaf", parse_requirement("=2.0.0"), "bad"),))
    decided = decision(found, COOLDOWN, blocked)
    assert decided.left_out == {"1.9.0", "1.10.0", "2.0.0"}
    refusals = decided.refusals(["2.0.0", "1.10.0"])
    assert [one.vers for one in refusals] == ["2.0.0", "1.10.0"]
    assert [one.verdict.rule for one in refusals] == [Rule.BLOCK, Rule.COOLDOWN]
    assert [decided.refusal(one.vers) for one in refusals] == refusals
