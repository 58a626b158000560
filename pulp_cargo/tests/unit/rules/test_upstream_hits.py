"""What crate policies leave of a crate that only an upstream has found."""

from dataclasses import replace
from uuid import UUID

import pytest

from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.protocol.web_api.upstream_search import UpstreamHit
from pulp_cargo.rules.policies.crate_policy import CratePolicy, Entry, NamedPolicy
from pulp_cargo.rules.upstream_hits import under_policies
from pulp_cargo.tests.unit.rules.policies import DAY, NOW

HIT = UpstreamHit(
    "leaf",
    "2.0.0-rc.1",
    max_stable_version="1.5.0",
    newest_version="2.0.0-rc.1",
    default_version="1.5.0",
    created_at=NOW - 100 * DAY,
    updated_at=NOW - DAY,
)


def left(hit: UpstreamHit = HIT, **rules: object) -> UpstreamHit | None:
    """Return what a policy leaves of a crate."""
    policy = NamedPolicy(UUID(int=1), "policy", CratePolicy(**rules))
    return under_policies(hit, [policy], NOW)


def entry(crate: str, versions: str = "*") -> Entry:
    """Return an entry of a list."""
    return Entry(crate, parse_requirement(versions))


@pytest.mark.parametrize(
    "rules",
    [
        {"block": (entry("LEAF"),)},
        {"block": (entry("le*"),)},
        {"allow": (entry("other"),)},
        {"cooldown_days": 101},
    ],
)
def test_crate_of_which_nothing_is_served_is_left_out(rules: dict[str, object]) -> None:
    """A crate that is younger than the cooldown has no version that is older."""
    assert left(**rules) is None


@pytest.mark.parametrize(
    "rules",
    [
        {},
        {"block": (entry("other"),)},
        {"allow": (entry("leaf"),)},
        {"cooldown_days": 1},
        {"licenses": frozenset({"MIT"})},
        {"block": (entry("leaf"),), "dry_run": True},
    ],
)
def test_crate_that_may_be_served_is_shown(rules: dict[str, object]) -> None:
    """Licences are not known before the file is, and a dry run refuses nothing."""
    assert left(**rules) == HIT


@pytest.mark.parametrize("rules", [{"cooldown_days": 7}, {"block": (entry("leaf", ">=2.0.0-0"),)}])
def test_version_that_is_refused_is_not_named(rules: dict[str, object]) -> None:
    """The others that the upstream has named take its place."""
    assert left(**rules) == replace(HIT, max_version="1.5.0", newest_version="1.5.0")


def test_default_version_that_is_refused() -> None:
    """Without another release, the highest version describes the crate."""
    found = left(block=(entry("leaf", "=1.5.0"),))
    assert found == replace(HIT, max_stable_version="", default_version="2.0.0-rc.1")


def test_crate_of_unknown_age_is_shown() -> None:
    """Small registries send no times."""
    assert left(UpstreamHit("leaf", "1.0.0"), cooldown_days=7) == UpstreamHit("leaf", "1.0.0")


def test_crate_from_the_future_is_new() -> None:
    """An upstream that sends such a time does not get around the cooldown."""
    later = replace(HIT, created_at=NOW + DAY, updated_at=NOW + DAY)
    assert left(later, cooldown_days=1) is None


def test_yanked_crate() -> None:
    """It is hidden where yanked versions are."""
    yanked = replace(HIT, yanked=True)
    assert left(yanked) == yanked
    assert left(yanked, hide_yanked=True) is None
