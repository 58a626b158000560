"""Crate policies as the serving side sees them, and what it asks about a crate for them."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.policies.crate_policy import CratePolicy, Entry, Exemption

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository

LINES = {
    "cooldown_days": 7,
    "allow": [{"crate": "serde*", "versions": "*", "reason": ""}],
    "block": [{"crate": "leaf", "versions": ">=1.2, <1.4", "reason": "broken"}],
    "exceptions": [
        {"crate": "leaf", "versions": "1.5", "reason": "ours", "ends": "2031-03-10T12:00:00Z"}
    ],
    "licenses": ["MIT", "Apache-2.0"],
    "hide_yanked": True,
    "dry_run": True,
}
RULES = CratePolicy(
    cooldown_days=7,
    allow=(Entry("serde*"),),
    block=(Entry("leaf", parse_requirement(">=1.2, <1.4"), "broken"),),
    exceptions=(
        Exemption(
            Entry("leaf", parse_requirement("1.5"), "ours"),
            datetime(2031, 3, 10, 12, 0, tzinfo=UTC),
        ),
    ),
    licenses=frozenset({"MIT", "Apache-2.0"}),
    hide_yanked=True,
    dry_run=True,
)


@pytest.fixture
def make() -> Iterator[Callable[..., Any]]:
    """Makes objects by their model, which are deleted after the test."""
    made = []

    def one(model: str, **fields: Any) -> Any:
        from pulp_cargo.app import models

        name = f"db-{secrets.token_hex(5)}"
        made.append(getattr(models, model).objects.create(name=name, **fields))
        return made[-1]

    yield one
    for each in reversed(made):
        each.delete()


@pytest.fixture
def cache(make: Callable[..., Any], repository: "CargoRepository") -> "CargoDistribution":
    """A distribution with rules of its own, whose remote has others."""
    url = "sparse+https://crates.example/"
    remote = make("CargoRemote", url=url, crate_policy=make("CargoCratePolicy", **LINES))
    return make(
        "CargoDistribution",
        base_path=f"db-{secrets.token_hex(5)}",
        remote=remote,
        repository=repository,
        crate_policy=make("CargoCratePolicy", hide_yanked=True),
    )


def test_registry_and_remote_have_their_rules(cache: "CargoDistribution") -> None:
    """As `rules/policies/crate_policy` reads them, with the policy's id and name."""
    from pulp_cargo.app.queries.registry.registry import find
    from pulp_cargo.rules.policies.crate_policy import NamedPolicy

    registry = find("default", f"{cache.base_path}/config.json")
    own = cache.crate_policy
    assert registry.upstreams.crate_policy == NamedPolicy(
        own.pk, own.name, CratePolicy(hide_yanked=True)
    )
    (source,) = registry.upstreams.listed
    theirs = cache.remote.cast().crate_policy
    assert source.remote.crate_policy == NamedPolicy(theirs.pk, theirs.name, RULES)


def test_registry_without_a_policy_has_no_rules(
    make: Callable[..., Any], cache: "CargoDistribution"
) -> None:
    """Which is not the same as a policy without rules."""
    from pulp_cargo.app.queries.registry.registry import find

    cache.crate_policy = None
    cache.save()
    assert find("default", cache.base_path).upstreams.crate_policy is None
    empty = make("CargoCratePolicy")
    cache.crate_policy = empty
    cache.save()
    assert find("default", cache.base_path).upstreams.crate_policy.policy == CratePolicy()
    cache.crate_policy = None
    cache.save()


def test_rules_of_a_list_of_upstreams_cost_no_further_queries(make: Callable[..., Any]) -> None:
    """They come with the upstreams."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from pulp_cargo.app.models import CargoUpstream
    from pulp_cargo.app.queries.upstreams.upstreams import upstreams_of

    policy = make("CargoCratePolicy")
    remotes = [
        make("CargoRemote", url="sparse+https://x.example/", crate_policy=policy) for _ in range(3)
    ]
    listed = make("CargoDistribution", base_path=f"db-{secrets.token_hex(5)}")
    for position, remote in enumerate(remotes):
        CargoUpstream.objects.create(
            distribution=listed, position=position, name=str(position), remote=remote
        )
    with CaptureQueriesContext(connection) as queries:
        upstreams = upstreams_of(listed)
    assert [one.remote.crate_policy.name for one in upstreams] == [policy.name] * 3
    assert len(queries) == 1


def test_kept_versions_are_those_of_the_repository_version(
    repository: "CargoRepository",
    publish: Callable[..., UUID],
    cache: "CargoDistribution",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With their licences, by the spelling of the index path, in one statement."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.queries.registry.registry import find
    from pulp_cargo.app.queries.repository.membership import rows_of
    from pulp_cargo.app.queries.upstreams import cached_versions as module

    cached_versions, asked = module.cached_versions, []

    def note(*served: Any, **values: Any) -> list[tuple[Any, ...]]:
        # Django does not see these statements, which are prepared.
        asked.append(values)
        return rows_of(*served, **values)

    name = f"K{secrets.token_hex(5)}-a"
    publish(repository, name, "other")
    registry = find("default", cache.base_path)
    (source,) = registry.upstreams.listed
    assert [one.license for one in cached_versions(source, name.lower()).values()] == [""]
    CrateContent.objects.filter(name=name).update(license="MIT")
    monkeypatch.setattr(module, "rows_of", note)
    with CaptureQueriesContext(connection) as queries:
        assert {v: one.license for v, one in cached_versions(source, name).items()} == {
            "1.0.0": "MIT"
        }
    assert (len(asked), len(queries)) == (1, 0)
    assert (
        cached_versions(source, name.replace("-", "_")) == cached_versions(source, "missing") == {}
    )


def test_source_without_a_repository_keeps_nothing(cache: "CargoDistribution") -> None:
    """As one that only passes on what it is asked for."""
    from pulp_cargo.app.queries.registry.registry import find
    from pulp_cargo.app.queries.upstreams.cached_versions import cached_versions

    cache.repository = None
    cache.save()
    (source,) = find("default", cache.base_path).upstreams.listed
    assert cached_versions(source, "leaf") == {}
