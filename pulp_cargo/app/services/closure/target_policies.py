"""The crate policies that a promotion has to meet: those of the registries that serve the target.

For reads they apply to crates of upstreams only; a promotion is the moment at which crates that were
built here, too, come under them.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from pulp_cargo.app.models import CargoDistribution, CargoRepository
from pulp_cargo.app.queries.crate_policies import named_policy
from pulp_cargo.app.queries.crates import stored_lines
from pulp_cargo.app.queries.crates.stored_lines import StoredLine
from pulp_cargo.app.queries.registry.registry import urls_within
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.upstream_index import UpstreamIndex, UpstreamVersion
from pulp_cargo.rules.policies.crate_policy import NamedPolicy
from pulp_cargo.rules.policies.policy_decision import CrateFacts, PolicyDecision, evaluate_index


class TargetPolicies:
    """The decisions about versions of a source, by crate."""

    def __init__(
        self,
        advisories: AdvisoryDatabase,
        source: CargoRepository,
        target: CargoRepository,
        versions: Collection[StoredLine],
    ) -> None:
        self._decisions: dict[str, PolicyDecision] = {}
        policies = _policies_of(target)
        if not policies or not versions:
            return
        names = {one.name for one in versions}
        # Whether a version fixes an advisory depends on those below it.
        lines = stored_lines.lines_of(source.pk, urls_within(source), names)
        now = datetime.now(UTC)
        for name in names:
            there = {one.vers: one for one in lines.get(canonical_name(name), ())}
            facts = CrateFacts(
                licenses={vers: one.license or "" for vers, one in there.items()},
                advisories=advisories.about(name),
            )
            index = UpstreamIndex(b"", {v: _entry(one) for v, one in there.items()}, is_sound=True)
            self._decisions[name] = evaluate_index(index, name.lower(), policies, facts, now)

    def refusal(self, version: StoredLine) -> str | None:
        """Return the sentence of the policy that refuses a version, None if none does."""
        decision = self._decisions.get(version.name)
        refused = decision and decision.refusal(version.vers)
        if not refused:
            return None
        return f"{refused.verdict.sentence} (policy `{refused.policy.name}`)"


def _policies_of(target: CargoRepository) -> list[NamedPolicy]:
    served = CargoDistribution.objects.filter(repository=target, crate_policy__isnull=False)
    found = (named_policy(one.crate_policy) for one in served.select_related("crate_policy"))
    return list({one.pk: one for one in found if one is not None}.values())


def _entry(version: StoredLine) -> UpstreamVersion:
    time = version.published.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return UpstreamVersion(version.line, version.vers, version.cksum, version.yanked, time)
