"""Evaluating the crate policies in force for the versions of an upstream's crate."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from pulp_cargo.app.queries.crates import listing
from pulp_cargo.app.queries.registry.registry import RegistryUpstreams
from pulp_cargo.app.queries.upstreams.cached_versions import cached_versions
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, Upstream
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


def policies_of(
    upstreams: RegistryUpstreams, upstream: Upstream, *, stored: bool = False
) -> tuple[NamedPolicy, ...]:
    """Return the policies for the crates of an upstream: its own, and the registry's.

    If the store of caches is served without an upstream, the policies of these caches apply, too;
    likewise for a repository that was synced.
    `stored` crates of an upstream may be from another remote, so the policy of that applies as
    well. No policy applies to repositories that no cache or sync fills.
    """
    found: list[NamedPolicy | None] = []
    if isinstance(upstream, RemoteUpstream):
        found += [upstream.remote.crate_policy, upstreams.crate_policy]
        if stored:
            found += [one.of_remote for one in upstream.fillers]
    elif upstream.fillers:
        found += [policy for one in upstream.fillers for policy in one.policies]
        found.append(upstreams.crate_policy)
    return tuple({one.pk: one for one in found if one is not None}.values())


def policies_of_store(upstreams: RegistryUpstreams) -> tuple[NamedPolicy, ...]:
    """Return the policies for all that is in the repository of a registry."""
    return policies_of(upstreams, upstreams.own)


def serves_repository_as_it_is(upstreams: RegistryUpstreams) -> bool:
    """Whether a registry serves the version of its repository without upstreams and policies."""
    return not (upstreams.listed or policies_of_store(upstreams))


def left_out_of_listing(upstreams: RegistryUpstreams) -> frozenset[UUID]:
    """Return the units of a registry's repository that its policies leave out of the listing.

    To be called in a thread, since it reads all units if a policy is in force. Raises VersionGone.
    """
    policies = policies_of_store(upstreams)
    if not policies:
        return frozenset()
    return policy_decision.left_out_of_store(
        listing.units(upstreams.own), policies, datetime.now(UTC)
    )


def rules_in_force(upstreams: RegistryUpstreams, upstream: Upstream) -> AgelessRules | None:
    """Return the rules for what is stored of an upstream, None if they refuse nothing."""
    policies = policies_of(upstreams, upstream, stored=True)
    rules = AgelessRules(policies, datetime.now(UTC)) if policies else None
    return rules if rules is not None and rules.may_refuse else None


def rules_of_stored(upstreams: RegistryUpstreams) -> list[str]:
    """Return text that changes when other stored versions of any upstream are left out."""
    now = datetime.now(UTC)
    found = (policies_of(upstreams, one, stored=True) for one in upstreams.all)
    return [AgelessRules(policies, now).text for policies in found]


def rules_of_listing(upstreams: RegistryUpstreams) -> list[str]:
    """Return text that changes when something else is left out of the listing."""
    policies = policies_of_store(upstreams)
    return [AgelessRules(policies, datetime.now(UTC)).text] if policies else []


def asks_for_licenses(upstreams: RegistryUpstreams, upstream: Upstream) -> bool:
    """Whether a policy has to know the licence of what comes in."""
    return any(one.policy.licenses is not None for one in policies_of(upstreams, upstream))


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
        policies = policies_of(upstreams, found.upstream, stored=found.is_stored)
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
