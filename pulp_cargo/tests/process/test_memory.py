"""What a content process may answer from memory, and what a notice makes it forget."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.endpoints.memory.answer import Answer
    from pulp_cargo.app.endpoints.memory.memory import Memory

REPOSITORY = UUID(int=1)


@pytest.fixture
def new_registry() -> Callable[..., Any]:
    """Makes registries that serve version 5 of a repository."""
    from pulpcore.plugin.models import Domain

    from pulp_cargo.app.queries.registry.registry import (
        ReadAccess,
        Registry,
        RegistryUpstreams,
        RegistryUrls,
    )
    from pulp_cargo.app.queries.upstreams.upstreams import RepositoryUpstream

    def make(*, pinned: bool = False) -> Registry:
        return Registry(
            pk=uuid4(),
            name="r",
            base_path="r",
            domain=Domain(name="default"),
            urls=RegistryUrls("http://localhost/pulp/cargo/r/"),
            access=ReadAccess(),
            upstreams=RegistryUpstreams(RepositoryUpstream("r", REPOSITORY, UUID(int=5), 5)),
            pinned=pinned,
        )

    return make


def answer(crate: str | None, size: int = 10) -> "Answer":
    """An index file's answer of so many bytes."""
    from pulp_cargo.app.endpoints.memory.answer import Answer

    return Answer(frozenset([REPOSITORY]), crate, None, b"x" * size, None, '"e"', (), "index")


def notice(number: int, *names: str) -> dict[str, Any]:
    """What a commit says."""
    return {
        "kind": "version",
        "repository": str(REPOSITORY),
        "base": number - 1,
        "number": number,
        "version": str(UUID(int=number)),
        "names": list(names),
    }


def test_a_publish_makes_forget_just_its_crate(
    memory: "Memory", new_registry: Callable[..., Any]
) -> None:
    """The registry moves on to the new version, and other crates' answers stay good."""
    memory.remember_registry(new_registry(), memory.generation)
    memory.remember_answer("/a", answer("a"), memory.generation)
    memory.remember_answer("/b", answer("b"), memory.generation)
    memory.take_notice(notice(6, "a"))
    assert list(memory.answers) == ["/b"]
    served = memory.registry("default", "r/config.json").content
    assert (served.number, served.version) == (6, UUID(int=6))


def test_a_registry_that_missed_a_version_is_looked_up_again(
    memory: "Memory", new_registry: Callable[..., Any]
) -> None:
    """From version 5 to 7 more may have changed than the last notice names."""
    memory.remember_registry(new_registry(), memory.generation)
    memory.remember_answer("/b", answer("b"), memory.generation)
    memory.take_notice(notice(7, "a"))
    assert memory.registry("default", "r/config.json") is None
    assert not memory.answers


def test_a_registry_pinned_to_a_version_stays_there(
    memory: "Memory", new_registry: Callable[..., Any]
) -> None:
    """It serves what it serves, whatever is published."""
    memory.remember_registry(new_registry(pinned=True), memory.generation)
    memory.take_notice(notice(6, "a"))
    assert memory.registry("default", "r/x").content.number == 5


def test_what_was_asked_before_a_notice_is_not_kept_after_it(
    memory: "Memory", new_registry: Callable[..., Any]
) -> None:
    """A query may have seen the state before the commit, and end after its notice."""
    generation = memory.generation
    memory.take_notice(notice(6, "a"))
    memory.remember_answer("/a", answer("a"), generation)
    memory.remember_registry(new_registry(), generation)
    assert not memory.answers
    assert memory.registry("default", "r/x") is None


def test_nothing_is_kept_while_no_notices_come(
    memory: "Memory", new_registry: Callable[..., Any]
) -> None:
    """Without the connection that listens every request asks the database."""
    memory.remember_registry(new_registry(), memory.generation)
    memory.stop_listening()
    memory.remember_answer("/a", answer("a"), memory.generation)
    memory.remember_registry(new_registry(), memory.generation)
    assert not memory.answers
    assert memory.registry("default", "r/x") is None


def test_answers_used_longest_ago_go_when_room_is_short(
    memory: "Memory", monkeypatch: pytest.MonkeyPatch
) -> None:
    """CARGO_INDEX_CACHE_BYTES bounds the memory."""
    from pulp_cargo.app.endpoints.memory import memory as module

    monkeypatch.setattr(module, "settings", SimpleNamespace(CARGO_INDEX_CACHE_BYTES=45_000))
    for number in range(10):
        memory.remember_answer(f"/{number}", answer(str(number), 9_000), memory.generation)
    assert list(memory.answers) == ["/6", "/7", "/8", "/9"]
    memory.remember_answer("/9", answer("9", 9_000), memory.generation)
    assert list(memory.answers) == ["/6", "/7", "/8", "/9"]


def test_a_publish_waits_until_every_process_has_heard(memory: "Memory") -> None:
    """PostgreSQL tells all listeners at once, but each gets to it in its own time (95)."""
    from pulp_cargo.app.services.publish.commit import Committed

    memory.acknowledgements.own_connection = 11
    other = {"kind": "heard", "repository": str(REPOSITORY), "by": 12}

    async def scenario() -> list[str]:
        seen = []

        async def wait() -> None:
            await memory.acknowledgements.wait_until_all_processes_know(
                Committed(REPOSITORY, 6, frozenset([11, 12]))
            )
            seen.append("reached")

        waiting = asyncio.create_task(wait())
        for step in (notice(5, "b"), other | {"number": 5}, notice(6, "a"), other | {"number": 6}):
            await asyncio.sleep(0)
            memory.take_notice(step)
            seen.append(f"{step['kind']} {step['number']}")
        await waiting
        return seen

    assert asyncio.run(scenario()) == ["version 5", "heard 5", "version 6", "heard 6", "reached"]


def test_a_change_of_roles_makes_forget_who_may_read(memory: "Memory") -> None:
    """Tokens, users and roles are told of by one notice."""
    from pulp_cargo.rules.token_scopes import Grant

    grant = Grant(1, "u", frozenset(), frozenset(), (), None, None)
    memory.remember_grant(REPOSITORY, "secret", grant, memory.generation)
    assert memory.grant(REPOSITORY, "secret") is grant
    assert memory.grant(REPOSITORY, "other") is None
    memory.take_notice({"kind": "principals"})
    assert memory.grant(REPOSITORY, "secret") is None


def past_of(registry: Any, text: str = "3", *, with_upstreams: bool = False) -> Any:
    """A state of the past of a registry."""
    from pulp_cargo.app.queries.registry.registry import Past

    upstreams = registry.upstreams
    if with_upstreams:
        upstreams = replace(upstreams, listed=(upstreams.own,))
    return replace(registry, upstreams=upstreams, pinned=True, past=Past(text, has_catalog=False))


def past_answer(crate: str | None = None) -> "Answer":
    """A response of a state of the past."""
    return replace(answer(crate), past=True)


def test_a_publish_leaves_the_past_as_it_is(
    memory: "Memory", new_registry: Callable[..., Any]
) -> None:
    """The content of a version never changes; with upstreams it is looked up again."""
    registry = new_registry()
    fixed, mixed = past_of(registry), past_of(registry, "2026-11-01", with_upstreams=True)
    for one in (fixed, mixed):
        memory.remember_past(one, memory.generation)
    memory.remember_answer("/@3/a", past_answer(), memory.generation)
    memory.remember_answer("/@2026-11-01/a", past_answer("a"), memory.generation)
    memory.remember_answer("/@2026-11-01/b", past_answer("b"), memory.generation)
    memory.take_notice(notice(6, "a"))
    assert list(memory.answers) == ["/@3/a", "/@2026-11-01/b"]
    assert memory.past(registry, "3") == fixed
    assert memory.past(registry, "2026-11-01") is None


def test_the_past_is_looked_up_again_when_versions_are_deleted(
    memory: "Memory", new_registry: Callable[..., Any]
) -> None:
    """What the registry serves now stays."""
    registry = new_registry()
    memory.remember_registry(registry, memory.generation)
    memory.remember_past(past_of(registry), memory.generation)
    memory.remember_answer("/a", answer("a"), memory.generation)
    memory.remember_answer("/@3/a", past_answer(), memory.generation)
    memory.remember_answer("/@2026-11-01/a", past_answer("a"), memory.generation)
    memory.take_notice({"kind": "past", "repository": str(uuid4())})
    assert len(memory.answers) == 3, "another repository"
    memory.take_notice({"kind": "past", "repository": str(REPOSITORY)})
    assert list(memory.answers) == ["/a"]
    assert memory.past(registry, "3") is None
    assert memory.registry("default", "r/x") == registry


def test_only_so_many_states_of_the_past_are_cached(
    memory: "Memory", new_registry: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody may ask for any second; those that are used stay."""
    from pulp_cargo.app.endpoints.memory import memory as module

    monkeypatch.setattr(module, "MOST_PAST", 2)
    registry = new_registry()
    for text in ("1", "2"):
        memory.remember_past(past_of(registry, text), memory.generation)
    assert memory.past(registry, "1") is not None
    memory.remember_past(past_of(registry, "3"), memory.generation)
    assert [memory.past(registry, text) is not None for text in "123"] == [True, False, True]
