"""A crate policy for the index lines of an upstream that is mirrored.

An index has no licences, and advisories are for caches, which fetch a fix when it is asked for. All
other rules apply, with the ages that the upstream claims.
"""

from collections.abc import Iterable
from datetime import datetime

from pulp_cargo.protocol.mirrored_line import MirroredLine
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.policies.cooldown import age_begins
from pulp_cargo.rules.policies.crate_policy import Facts, NamedPolicy
from pulp_cargo.rules.policies.evaluate import evaluate_crate
from pulp_cargo.rules.policies.policy_decision import AgelessRules


class MirrorPolicy:
    """Evaluates the policy of a remote, crate by crate; `until` is when its verdicts change first."""

    def __init__(self, policy: NamedPolicy | None, now: datetime) -> None:
        self._policy, self._now = policy, now
        self.until: datetime | None = None

    @property
    def text(self) -> str:
        """A text that changes when the rules do, the same in every process."""
        return AgelessRules([self._policy], self._now).text if self._policy else ""

    @property
    def has_licenses(self) -> bool:
        """Whether the policy needs licences, which no index has."""
        rules = self._policy and self._policy.policy
        return bool(rules and rules.licenses is not None and not rules.dry_run)

    def refusals(self, lines: Iterable[MirroredLine]) -> dict[str, str]:
        """Return why versions of one crate are refused, by `vers`."""
        if self._policy is None or self._policy.policy.dry_run:
            return {}
        facts = {line.vers: self._facts(line) for line in lines}
        verdicts = evaluate_crate(self._policy.policy, facts.values(), self._now, ())
        refused: dict[str, str] = {}
        for vers, fact in facts.items():
            verdict = verdicts[fact.vers]
            if verdict.until is not None and verdict.until > self._now:
                self.until = min(self.until or verdict.until, verdict.until)
            if not verdict.is_open:
                refused[vers] = verdict.sentence
        return refused

    def _facts(self, line: MirroredLine) -> Facts:
        return Facts(
            name=line.name,
            vers=parse_version(line.vers),
            since=age_begins(line.pubtime or None, None, None, self._now),
            yanked=bool(line.yanked),
        )
