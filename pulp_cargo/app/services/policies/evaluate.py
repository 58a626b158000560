"""What the crate policies in force say of a crate that an upstream has."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from pulp_cargo.app.queries.crates import listing
from pulp_cargo.app.queries.registry.registry import RegistryUpstreams
from pulp_cargo.app.queries.upstreams.cached_versions import cached_versions
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, Upstream
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.policies import advisory_db, refusal_log
from pulp_cargo.protocol.errors import VersionRefused
from pulp_cargo.protocol.upstream_index import UpstreamIndex
from pulp_cargo.rules import policy_decision
from pulp_cargo.rules.crate_policy import NamedPolicy
from pulp_cargo.rules.policy_decision import (
    AgelessRules,
    CrateFacts,
    PolicyDecision,
)


class InUpstream(Protocol):
    """A crate that an upstream has, and what is known of it."""

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
    """Return the policies for what comes from an upstream: its own, and the registry's.

    For the store of caches, served without an upstream, they are the policies of those caches, too.
    What is `stored` beside an upstream may be from another remote: its policy holds as well. No
    policy is for repositories that no cache fills.
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


def left_out_of_listing(upstreams: RegistryUpstreams) -> frozenset[UUID]:
    """Return the units of a registry's repository that its policies leave out of the listing.

    For a thread: it reads all of them, but only where a policy is in force. Raises VersionGone.
    """
    policies = policies_of_store(upstreams)
    if not policies:
        return frozenset()
    return policy_decision.left_out_of_store(
        listing.units(upstreams.own), policies, datetime.now(UTC)
    )


def rules_of_listing(upstreams: RegistryUpstreams) -> list[str]:
    """Return text that changes when something else is left out of the listing."""
    policies = policies_of_store(upstreams)
    return [AgelessRules(policies, datetime.now(UTC)).text] if policies else []


async def judge(
    upstreams: RegistryUpstreams,
    found: InUpstream,
    name: str,
    licenses: Mapping[str, str] | None = None,
) -> PolicyDecision | None:
    """Return what becomes of the versions of a crate, None where no policy is in force.

    `licenses` are known beside those of the versions that are kept. Raises VersionGone.
    """
    policies = policies_of(upstreams, found.upstream, stored=found.is_stored)
    if not policies:
        return None
    index = await found.index(name)
    served_before = await threads.read(cached_versions, found.upstream, name)
    known = CrateFacts(found.first_seen, served_before, licenses=licenses or {})
    return await threads.work(_judge, index, name, policies, known)


def asks_for_licenses(upstreams: RegistryUpstreams, upstream: Upstream) -> bool:
    """Whether a policy has to know the licence of what comes in."""
    return any(one.policy.licenses is not None for one in policies_of(upstreams, upstream))


def good_for(decision: PolicyDecision) -> float | None:
    """Return for how many seconds a decision holds, None for as long as nothing else changes."""
    if decision.until is None:
        return None
    return max(0.0, (decision.until - datetime.now(UTC)).total_seconds())


async def refusal(decision: PolicyDecision, vers: str) -> VersionRefused | None:
    """Return the error for a version that the policies refuse, and record the refusal."""
    dry = [one for one in decision.dry_run if one.vers == vers]
    refused = await threads.work(decision.refusal, vers)
    refusal_log.note([*dry, refused] if refused else dry)
    return VersionRefused(refused.verdict.sentence, refused.policy.name) if refused else None


def _judge(
    index: UpstreamIndex,
    name: str,
    policies: tuple[NamedPolicy, ...],
    known: CrateFacts,
) -> PolicyDecision:
    facts = replace(known, advisories=advisory_db.about(name))
    return policy_decision.judge_index(index, name, policies, facts, datetime.now(UTC))
