"""Evaluating the crate policies in force for the versions of an upstream's crate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from pulp_cargo.app.queries.crates import listing
from pulp_cargo.app.queries.registry.registry import RegistryUpstreams
from pulp_cargo.app.queries.upstreams.cached_versions import cached_versions
from pulp_cargo.app.queries.upstreams.upstreams import Upstream
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
from pulp_cargo.app.services.policies.refusal_log import RefusalLog
from pulp_cargo.protocol.errors import VersionRefused
from pulp_cargo.protocol.upstream_index import UpstreamIndex
from pulp_cargo.rules.policies import policy_decision
from pulp_cargo.rules.policies.crate_policy import NamedPolicy
from pulp_cargo.rules.policies.policy_decision import (
    AgelessRules,
    CrateFacts,
    PolicyDecision,
)


class InUpstream(Protocol):
    """A crate of an upstream, with the facts that policies need."""

    @property
    def upstream(self) -> Upstream: ...

    @property
    def is_stored(self) -> bool: ...

    @property
    def first_seen(self) -> Mapping[str, str]: ...

    async def index(self, name: str) -> UpstreamIndex: ...


def left_out_of_listing(upstreams: RegistryUpstreams) -> frozenset[UUID]:
    """Return the units of a registry's repository that its policies leave out of the listing.

    To be called in a thread, since it reads all units if a policy is in force. Raises VersionGone.
    """
    policies = upstreams.policies_of_store
    if not policies:
        return frozenset()
    return policy_decision.left_out_of_store(
        listing.units(upstreams.own), policies, datetime.now(UTC)
    )


def rules_in_force(upstreams: RegistryUpstreams, upstream: Upstream) -> AgelessRules | None:
    """Return the rules for what is stored of an upstream, None if they refuse nothing."""
    policies = upstreams.policies_of(upstream, stored=True)
    rules = AgelessRules(policies, datetime.now(UTC)) if policies else None
    return rules if rules is not None and rules.may_refuse else None


def rules_of_stored(upstreams: RegistryUpstreams) -> list[str]:
    """Return text that changes when other stored versions of any upstream are left out."""
    now = datetime.now(UTC)
    found = (upstreams.policies_of(one, stored=True) for one in upstreams.all)
    return [AgelessRules(policies, now).text for policies in found]


def rules_of_listing(upstreams: RegistryUpstreams) -> list[str]:
    """Return text that changes when something else is left out of the listing."""
    policies = upstreams.policies_of_store
    return [AgelessRules(policies, datetime.now(UTC)).text] if policies else []


def asks_for_licenses(upstreams: RegistryUpstreams, upstream: Upstream) -> bool:
    """Whether a policy has to know the licence of what comes in."""
    return any(one.policy.licenses is not None for one in upstreams.policies_of(upstream))


def good_for(decision: PolicyDecision) -> float | None:
    """Return for how many seconds a decision is valid, None if until something changes."""
    if decision.until is None:
        return None
    return max(0.0, (decision.until - datetime.now(UTC)).total_seconds())


@dataclass(frozen=True, slots=True)
class Policies:
    """The evaluation of policies with the advisories of a process; it records refusals."""

    advisories: AdvisoryDatabase
    refusals: RefusalLog

    async def evaluate(
        self,
        upstreams: RegistryUpstreams,
        found: InUpstream,
        name: str,
        licenses: Mapping[str, str] | None = None,
    ) -> PolicyDecision | None:
        """Return the decision about the versions of a crate, None if no policy is in force.

        `licenses` are known in addition to those of stored versions. Raises VersionGone.
        """
        policies = upstreams.policies_of(found.upstream, stored=found.is_stored)
        if not policies:
            return None
        index = await found.index(name)
        served_before = await threads.read(cached_versions, found.upstream, name)
        known = CrateFacts(found.first_seen, served_before, licenses=licenses or {})
        return await threads.work(self._evaluate, index, name, policies, known)

    async def refusal(self, decision: PolicyDecision, vers: str) -> VersionRefused | None:
        """Return the error for a version that the policies refuse, and record the refusal."""
        dry = [one for one in decision.dry_run if one.vers == vers]
        refused = await threads.work(decision.refusal, vers)
        self.refusals.note([*dry, refused] if refused else dry)
        return VersionRefused(refused.verdict.sentence, refused.policy.name) if refused else None

    def _evaluate(
        self,
        index: UpstreamIndex,
        name: str,
        policies: tuple[NamedPolicy, ...],
        known: CrateFacts,
    ) -> PolicyDecision:
        facts = replace(known, advisories=self.advisories.about(name))
        return policy_decision.evaluate_index(index, name, policies, facts, datetime.now(UTC))
