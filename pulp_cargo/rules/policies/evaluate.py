"""Evaluating a crate policy for a version: the verdict on it.

Rules are evaluated in this order, and the first that applies decides:
1. the block list, which overrides everything;
2. an exception that has not ended, which overrides all rules but the block list;
3. the allow list, and the licences once the manifest is read;
4. yanked versions and the cooldown, but not for a version that was served before: lock files may
   name it, and cargo needs it in the index.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime

from pulp_cargo.protocol.errors import InvalidLicense
from pulp_cargo.protocol.semver import Version
from pulp_cargo.rules.policies.advisories import Advisory
from pulp_cargo.rules.policies.cooldown import cooldown_verdict, minute
from pulp_cargo.rules.policies.crate_policy import CratePolicy, Facts, Outcome, Rule, Verdict
from pulp_cargo.rules.policies.licenses import is_allowed, parse_license


def evaluate_crate(
    policy: CratePolicy, versions: Iterable[Facts], now: datetime, advisories: Sequence[Advisory]
) -> dict[Version, Verdict]:
    """Return the verdict on each version of a crate, given the advisories about it.

    Lowest first, because whether a version fixes an advisory depends on the versions served below
    it. Yanked versions count there, or a yank could make the next version another fix.
    """
    verdicts: dict[Version, Verdict] = {}
    served: list[Version] = []
    lowest_first = sorted(versions, key=lambda facts: facts.vers)
    if lowest_first:
        policy = policy.about(lowest_first[0].name)
    for facts in lowest_first:
        verdict = evaluate_version(policy, facts, now, advisories, served)
        verdicts[facts.vers] = verdict
        if verdict.outcome in (Outcome.SERVED, Outcome.HIDDEN):
            served.append(facts.vers)
    return verdicts


def evaluate_version(
    policy: CratePolicy,
    facts: Facts,
    now: datetime,
    advisories: Sequence[Advisory] = (),
    older: Sequence[Version] = (),
) -> Verdict:
    """Return the verdict on one version; `older` are the lower versions that are served."""
    verdict = (
        _blocked(policy, facts)
        or _excepted(policy, facts, now)
        or _not_allowed(policy, facts)
        or _license(policy, facts)
        or _unless_served_before(facts, _yanked(policy, facts))
        or _unless_served_before(facts, cooldown_verdict(policy, facts, now, advisories, older))
        or Verdict(Outcome.SERVED, Rule.NONE, f"{facts} is served: no rule refuses it")
    )
    return dataclasses.replace(verdict, enforced=False) if policy.dry_run else verdict


def _blocked(policy: CratePolicy, facts: Facts) -> Verdict | None:
    for entry in policy.block:
        if entry.means(facts.name, facts.vers):
            sentence = f"{facts} is blocked by the block list: {entry}"
            return Verdict(Outcome.BLOCKED, Rule.BLOCK, sentence)
    return None


def _excepted(policy: CratePolicy, facts: Facts, now: datetime) -> Verdict | None:
    for exemption in policy.exceptions:
        if now < exemption.ends and exemption.entry.means(facts.name, facts.vers):
            until = minute(exemption.ends)
            sentence = f"{facts} is served until {until} by an exception: {exemption.entry}"
            return Verdict(Outcome.SERVED, Rule.EXCEPTION, sentence, exemption.ends)
    return None


def _not_allowed(policy: CratePolicy, facts: Facts) -> Verdict | None:
    if policy.allow is None or any(e.means(facts.name, facts.vers) for e in policy.allow):
        return None
    sentence = f"{facts} is blocked because it is not on the allow list"
    return Verdict(Outcome.BLOCKED, Rule.ALLOW, sentence)


def _license(policy: CratePolicy, facts: Facts) -> Verdict | None:
    if policy.licenses is None or facts.license is None:
        return None
    try:
        if facts.license and is_allowed(parse_license(facts.license), policy.licenses):
            return None
        sentence = f"`{facts.license}` is not" if facts.license else "it names none"
        why = f"{sentence}; the allowed licences are {', '.join(sorted(policy.licenses))}"
    except InvalidLicense as error:
        why = str(error)
    return Verdict(Outcome.BLOCKED, Rule.LICENSE, f"{facts} is blocked by its licence: {why}")


def _yanked(policy: CratePolicy, facts: Facts) -> Verdict | None:
    if not (policy.hide_yanked and facts.yanked):
        return None
    sentence = f"{facts} is hidden because it is yanked"
    return Verdict(Outcome.HIDDEN, Rule.YANKED, sentence)


def _unless_served_before(facts: Facts, verdict: Verdict | None) -> Verdict | None:
    if verdict is None or verdict.outcome is Outcome.SERVED or not facts.served_before:
        return verdict
    sentence = f"{facts} was served before; otherwise the rule `{verdict.rule}` would apply"
    return Verdict(Outcome.SERVED, Rule.SERVED_BEFORE, sentence)
