"""What the crate policies in force say of a crate that an upstream has."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from pulp_cargo.app.queries.crate_policies import NamedPolicy
from pulp_cargo.app.queries.kept import kept
from pulp_cargo.app.queries.registries import Registry
from pulp_cargo.app.queries.sources import Source
from pulp_cargo.app.services import advisories, crate_rules, held, threads
from pulp_cargo.app.services.crate_rules import Judgement, Known
from pulp_cargo.app.services.sourcing import Found
from pulp_cargo.protocol.errors import VersionRefused
from pulp_cargo.protocol.upstream_index import UpstreamIndex


def policies_of(registry: Registry, source: Source) -> tuple[NamedPolicy, ...]:
    """Return the policies for what comes from an upstream: its own, and the registry's.

    They are for what comes in: repositories of ours are none of their business.
    """
    if source.remote is None:
        return ()
    return tuple(one for one in (source.remote.rules, registry.rules) if one is not None)


async def judge(
    registry: Registry, found: Found, name: str, licenses: Mapping[str, str] | None = None
) -> Judgement | None:
    """Return what becomes of the versions of a crate, None where no policy is in force.

    `licenses` are known beside those of the versions that are kept. Raises VersionGone.
    """
    policies = policies_of(registry, found.source)
    if not policies:
        return None
    index = await found.index(name)
    served_before = await threads.read(kept, found.source, name)
    copy = found.current and found.current.copy
    first_seen = copy.first_seen if copy else {}
    known = Known(first_seen, served_before, licenses=licenses or {})
    return await threads.work(_judge, index, name, policies, known)


def asks_for_licenses(registry: Registry, source: Source) -> bool:
    """Whether a policy has to know the licence of what comes in."""
    return any(one.policy.licenses is not None for one in policies_of(registry, source))


def good_for(judgement: Judgement) -> float | None:
    """Return for how many seconds a judgement holds, None for as long as nothing else changes."""
    if judgement.until is None:
        return None
    return max(0.0, (judgement.until - datetime.now(UTC)).total_seconds())


async def require_open(judgement: Judgement, vers: str) -> None:
    """Raise VersionRefused for a version that the policies keep out, and record it."""
    dry = [one for one in judgement.dry_run if one.vers == vers]
    refusal = await threads.work(judgement.refusal, vers)
    held.note([*dry, refusal] if refusal else dry)
    if refusal is not None:
        raise VersionRefused(refusal.verdict.sentence, refusal.policy.name)


def _judge(
    index: UpstreamIndex,
    name: str,
    policies: tuple[NamedPolicy, ...],
    known: Known,
) -> Judgement:
    facts = replace(known, advisories=advisories.about(name))
    return crate_rules.judge_index(index, name, policies, facts, datetime.now(UTC))
