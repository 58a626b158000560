"""What is known of Pulp's content guards, and what is remembered of their verdicts."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.endpoints.memory.memory import Memory
    from pulp_cargo.app.queries.registry.registry import Registry

TEAM = frozenset(["x-team"])


@pytest.fixture
def guarded() -> Callable[..., "Registry"]:
    """Makes registries whose guard looks at these headers."""
    from pulpcore.plugin.models import Domain

    from pulp_cargo.app.queries.registry.registry import (
        ReadAccess,
        Registry,
        RegistryUpstreams,
        RegistryUrls,
    )
    from pulp_cargo.app.queries.upstreams.upstreams import RepositoryUpstream

    def make(reads: frozenset[str] | None) -> Registry:
        return Registry(
            pk=uuid4(),
            name="r",
            base_path="r",
            domain=Domain(),
            urls=RegistryUrls("http://localhost/pulp/cargo/r/"),
            access=ReadAccess(guarded=True, guard_reads=reads),
            upstreams=RegistryUpstreams(RepositoryUpstream("r", None, None)),
        )

    return make


def test_each_kind_of_guard() -> None:
    """Those of Pulp's that decide by headers and the database; nothing is known of others."""
    from pulpcore.plugin.models import ContentRedirectContentGuard, Domain

    from pulp_cargo.app.models.core import (
        EnvVarHeaderContentGuard,
        HeaderContentGuard,
        RBACContentGuard,
        with_domain,
    )
    from pulp_cargo.app.queries.registry.guards import headers_read_by

    # Outside a domain, a new guard looks its default domain up in the database.
    with with_domain(Domain()):
        expected = (
            (RBACContentGuard(), frozenset(["authorization"])),
            (HeaderContentGuard(header_name="X-Team"), TEAM),
            (EnvVarHeaderContentGuard(header_name="X-Team"), TEAM),
            (HeaderContentGuard(header_name="no header\r\nat all"), None),
            (ContentRedirectContentGuard(), None),
        )
    for guard, headers in expected:
        guard.cast = lambda guard=guard: guard
        assert headers_read_by(guard) == headers


def test_verdict_is_for_the_same_credentials_only(
    memory: "Memory", guarded: Callable[..., "Registry"]
) -> None:
    """The headers that the guard looks at, and ours; no matter what the others say."""
    registry = guarded(TEAM)
    memory.remember_admitted(registry, {"x-team": "a", "etag": "1"}, 60, memory.generation)
    assert memory.is_admitted(registry, {"x-team": "a", "etag": "2"})
    for other in ({}, {"x-team": "b"}, {"x-team": "a", "authorization": "t"}):
        assert not memory.is_admitted(registry, other)
    assert not memory.is_admitted(guarded(TEAM), {"x-team": "a"})


def test_verdict_ends_with_the_token(memory: "Memory", guarded: Callable[..., "Registry"]) -> None:
    """A token that runs out in a moment opens nothing after it."""
    registry = guarded(TEAM)
    memory.remember_admitted(registry, {"x-team": "a"}, 0, memory.generation)
    assert not memory.is_admitted(registry, {"x-team": "a"})


@pytest.mark.parametrize("kind", ["principals", "registries"])
def test_notice_makes_forget_verdicts(
    memory: "Memory", guarded: Callable[..., "Registry"], kind: str
) -> None:
    """Those from before it, and those asked for before it."""
    registry, generation = guarded(TEAM), memory.generation
    memory.remember_admitted(registry, {"x-team": "a"}, 60, generation)
    memory.take_notice({"kind": kind})
    assert not memory.is_admitted(registry, {"x-team": "a"})
    memory.remember_admitted(registry, {"x-team": "a"}, 60, generation)
    assert not memory.is_admitted(registry, {"x-team": "a"})


def test_nothing_is_remembered_of_unknown_guards_or_without_notices(
    memory: "Memory", guarded: Callable[..., "Registry"]
) -> None:
    """Each request asks."""
    unknown, known = guarded(None), guarded(TEAM)
    memory.remember_admitted(unknown, {"x-team": "a"}, 60, memory.generation)
    assert not memory.is_admitted(unknown, {"x-team": "a"})
    memory.stop_listening()
    memory.remember_admitted(known, {"x-team": "a"}, 60, memory.generation)
    assert not memory.is_admitted(known, {"x-team": "a"})
