"""The decision of the crate policies in force about the versions in an upstream's index file.

Several policies may be in force, that of a remote and that of a list of upstreams: a version is
served only if all of them allow it, and the first refusal counts.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion
from pulp_cargo.rules.policies.advisories import Advisory
from pulp_cargo.rules.policies.cooldown import age_begins, newest_old_pubtime
from pulp_cargo.rules.policies.crate_policy import (
    CratePolicy,
    Facts,
    NamedPolicy,
    Outcome,
    Rule,
    StoredVersion,
    Verdict,
)
from pulp_cargo.rules.policies.evaluate import evaluate_crate, evaluate_version
from pulp_cargo.rules.replaced_versions import version_key


@dataclass(frozen=True, slots=True)
class CrateFacts:
    """The facts about a crate beside its index file.

    `first_seen` has times in ISO 8601 by `vers`, for versions without a `pubtime`, and for replaced
    bytes by `version_key`; `stored` has the stored versions, which were served before;
    `licenses` has those of others. `advisories` are those about the crate.
    """

    first_seen: Mapping[str, str] = field(default_factory=dict)
    stored: Mapping[str, StoredVersion] = field(default_factory=dict)
    advisories: Sequence[Advisory] = ()
    licenses: Mapping[str, str] = field(default_factory=dict)

    def license(self, entry: UpstreamVersion) -> str | None:
        """Return the licence of a version with exactly these bytes, None if it is not known."""
        if self.is_stored(entry):
            return self.stored[entry.vers].license
        return self.licenses.get(entry.vers)

    def is_stored(self, entry: UpstreamVersion) -> bool:
        """Whether exactly these bytes of a version were served before."""
        stored = self.stored.get(entry.vers)
        return stored is not None and stored.cksum == entry.cksum

    def replaced_at(self, entry: UpstreamVersion) -> str | None:
        """Return when these bytes replaced others of a version, None if they did not."""
        return self.first_seen.get(version_key(entry.vers, entry.cksum))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A version that a policy refuses, or would refuse if it were no dry run."""

    policy: NamedPolicy
    name: str
    vers: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """The inputs of one evaluation: a crate's index, the policies, the known facts, and the time."""

    index: UpstreamIndex
    name: str
    policies: tuple[NamedPolicy, ...]
    known: CrateFacts
    now: datetime

    def verdicts(self, policy: CratePolicy, wanted: Collection[str]) -> dict[str, Verdict]:
        """Return the verdicts of a policy on some versions, and on others that it evaluated."""
        # Whether a version fixes an advisory depends on the versions below it.
        fixing = policy.cooldown_days and self.known.advisories
        facts = {vers: self._facts(vers) for vers in (self.index.versions if fixing else wanted)}
        found = evaluate_crate(policy, facts.values(), self.now, self.known.advisories)
        return {vers: found[facts[vers].vers] for vers in facts}

    def evaluate(self, policy: CratePolicy) -> dict[str, Verdict]:
        """Return the verdicts of a policy on those versions to which any rule applies."""
        policy = policy.about(self.name)
        doubtful = self._doubtful(policy)
        return self.verdicts(policy, doubtful) if doubtful else {}

    def _doubtful(self, policy: CratePolicy) -> Collection[str]:
        """Return the versions to which a rule may apply, with a fast check of each."""
        versions = self.index.versions
        if policy.block or policy.allow is not None:
            return versions
        newest = newest_old_pubtime(policy.cooldown_days, self.now)
        return [
            vers
            for vers, entry in versions.items()
            if (policy.cooldown_days and not (entry.pubtime and entry.pubtime <= newest))
            or (policy.cooldown_days and self.known.replaced_at(entry))
            or (policy.hide_yanked and entry.yanked)
            or (policy.licenses is not None and self.known.license(entry) is not None)
        ]

    def _facts(self, vers: str) -> Facts:
        entry = self.index.versions[vers]
        return Facts(
            name=self.name,
            vers=parse_version(vers),
            since=age_begins(
                entry.pubtime,
                self.known.first_seen.get(vers),
                self.known.replaced_at(entry),
                self.now,
            ),
            yanked=entry.yanked,
            license=self.known.license(entry),
            served_before=self.known.is_stored(entry),
        )


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """The decision about a crate's versions: `left_out` are neither in the index nor downloadable.

    It is valid until the time `until`; None means until something changes. `dry_run` has the
    versions that policies in a dry run would have left out.
    """

    left_out: frozenset[str]
    until: datetime | None
    dry_run: tuple[Refusal, ...]
    case: Case

    def refusal(self, vers: str) -> Refusal | None:
        """Return why a version is left out, and by which policy; None if it is served."""
        if vers not in self.left_out:
            return None
        return next(one for one in self._refusals(vers) if not one.verdict.is_open)

    def refusals(self, wanted: Collection[str]) -> list[Refusal]:
        """Return why some of the versions that are left out are, and by which policy each."""
        found: dict[str, Refusal] = {}
        for one in self.case.policies:
            others = [vers for vers in wanted if vers not in found]
            verdicts = self.case.verdicts(one.policy, others) if others else {}
            for vers in others:
                if not verdicts[vers].is_open:
                    found[vers] = Refusal(one, self.case.name, vers, verdicts[vers])
        return [found[vers] for vers in wanted]

    def verdict(self, vers: str) -> Verdict:
        """Return the verdict on a version of the index file; raises KeyError for any other.

        It is the first that leaves the version out, else the first that would in a dry run, else
        the first that gives a reason to serve it.
        """
        if refused := list(self._refusals(vers)):
            return min(refused, key=lambda one: one.verdict.is_open).verdict
        verdicts = [self._verdict_of(one.policy, vers) for one in self.case.policies]
        reasons = (verdict for verdict in verdicts if verdict.rule is not Rule.NONE)
        return next(reasons, None) or self._verdict_of(CratePolicy(), vers)

    def _refusals(self, vers: str) -> Iterator[Refusal]:
        for one in self.case.policies:
            verdict = self._verdict_of(one.policy, vers)
            if verdict.outcome is not Outcome.SERVED:
                yield Refusal(one, self.case.name, vers, verdict)

    def _verdict_of(self, policy: CratePolicy, vers: str) -> Verdict:
        return self.case.verdicts(policy, [vers])[vers]


def evaluate_index(
    index: UpstreamIndex,
    name: str,
    policies: Iterable[NamedPolicy | None],
    known: CrateFacts,
    now: datetime,
) -> PolicyDecision:
    """Decide about the versions in an index file under the policies in force.

    It does no I/O, but takes ten milliseconds for hundreds of versions, so it belongs in a thread.
    """
    case = Case(index, name, tuple(one for one in policies if one), known, now)
    left_out: set[str] = set()
    ends: list[datetime] = []
    dry_run: list[Refusal] = []
    for one in case.policies:
        for vers, verdict in case.evaluate(one.policy).items():
            if not verdict.is_open:
                left_out.add(vers)
            elif verdict.outcome is not Outcome.SERVED:
                dry_run.append(Refusal(one, name, vers, verdict))
            if verdict.enforced and verdict.until is not None:
                ends.append(verdict.until)
    return PolicyDecision(frozenset(left_out), min(ends, default=None), tuple(dry_run), case)


def left_out_of_store(
    units: Iterable[tuple[UUID, str, str, str | None]],
    policies: Iterable[NamedPolicy],
    now: datetime,
) -> frozenset[UUID]:
    """Return which units of a store (id, name, vers and licence) the policies leave out.

    All of them were served before, so neither age nor yanks count.
    """
    lets_in = AgelessRules(policies, now).let_in
    return frozenset(pk for pk, name, vers, license in units if not lets_in(name, vers, license))


class AgelessRules:
    """Evaluates policies for versions whose age and yank do not count, one after the other."""

    def __init__(self, policies: Iterable[NamedPolicy], now: datetime) -> None:
        self._policies = [one.policy for one in policies if not one.policy.dry_run]
        self._about: dict[str, list[CratePolicy]] = {}
        self._now = now

    def let_in(self, name: str, vers: str, license: str | None) -> bool:
        """Return whether no policy refuses a version."""
        return self.refusal(name, vers, license) is None

    def refusal(self, name: str, vers: str, license: str | None) -> str | None:
        """Return the sentence with which the first policy refuses a version, None if none does."""
        if name not in self._about:
            about = (one.about(name) for one in self._policies)
            self._about[name] = [one for one in about if _may_refuse(one)]
        if not self._about[name]:
            return None
        facts = Facts(
            name, parse_version(vers), self._now, license=license or "", served_before=True
        )
        verdicts = (evaluate_version(one, facts, self._now) for one in self._about[name])
        return next((one.sentence for one in verdicts if not one.is_open), None)

    @property
    def may_refuse(self) -> bool:
        """Whether they refuse any version at all."""
        return any(map(_may_refuse, self._policies))

    @property
    def digest(self) -> str:
        """A short text that changes when their verdicts may change."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def text(self) -> str:
        """A text that changes when their verdicts may change, the same in every process."""
        now = self._now
        return "".join(
            sorted(
                f"{_text(one)} {[x.ends > now for x in one.exceptions]}" for one in self._policies
            )
        )


def _text(policy: CratePolicy) -> str:
    # The order of a set differs between processes.
    licenses = None if policy.licenses is None else sorted(policy.licenses)
    return f"{replace(policy, licenses=None)} {licenses}"


def _may_refuse(policy: CratePolicy) -> bool:
    return bool(policy.block) or policy.allow is not None or policy.licenses is not None
