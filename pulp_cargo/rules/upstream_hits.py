"""What is shown of a crate that an upstream's own search has found.

Crate policies are evaluated for the few versions that the response names. Neither their licences nor
all of their ages are known, so cargo may still find that a version is refused.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pulp_cargo.protocol.semver import Version, parse_version
from pulp_cargo.protocol.web_api.upstream_search import UpstreamHit
from pulp_cargo.rules.policies.crate_policy import Facts, NamedPolicy
from pulp_cargo.rules.policies.evaluate import evaluate_version

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def under_policies(
    hit: UpstreamHit, policies: Sequence[NamedPolicy], now: datetime
) -> UpstreamHit | None:
    """Return a crate with the versions that the policies allow, None without any.

    >>> hit = UpstreamHit("a", "1.0.0")
    >>> under_policies(hit, [], datetime.now(UTC)) == hit
    True
    """
    if not policies:
        return hit
    allowed = [vers for vers in _versions(hit) if _is_allowed(hit, vers, policies, now)]
    if not allowed:
        return None
    highest = str(max(allowed))
    stable = max((vers for vers in allowed if not vers.is_prerelease), default=None)
    texts = {str(vers) for vers in allowed}

    def kept(vers: str, instead: str) -> str:
        return vers if vers in texts or not vers else instead

    return replace(
        hit,
        max_version=kept(hit.max_version, highest),
        max_stable_version=kept(hit.max_stable_version, str(stable or "")),
        newest_version=kept(hit.newest_version, highest),
        default_version=kept(hit.default_version, str(stable or highest)),
    )


def _versions(hit: UpstreamHit) -> Iterable[Version]:
    named = (hit.max_version, hit.max_stable_version, hit.newest_version, hit.default_version)
    return [parse_version(vers) for vers in dict.fromkeys(named) if vers]


def _is_allowed(
    hit: UpstreamHit, vers: Version, policies: Sequence[NamedPolicy], now: datetime
) -> bool:
    # The newest version is as old as the last change of the crate; others are at most as old as the
    # crate, so they are refused only if that is too young.
    since = hit.updated_at if str(vers) == hit.newest_version else hit.created_at
    facts = Facts(hit.name, vers, min(since or _LONG_AGO, now), yanked=hit.yanked)
    return all(evaluate_version(one.policy.about(hit.name), facts, now).is_open for one in policies)
