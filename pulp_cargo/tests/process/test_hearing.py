"""What a content process remembers of what others have heard, and for how long."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.endpoints.hearing import Hearing

REPOSITORY = UUID(int=1)
OURS, OTHER = 11, 12


@pytest.fixture
def hearing() -> "Hearing":
    """A process with a connection of its own."""
    from pulp_cargo.app.endpoints.hearing import Hearing

    hearing = Hearing()
    hearing.own_connection = OURS
    return hearing


def test_repositories_and_processes_that_are_gone_leave_nothing(
    hearing: "Hearing", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes repositories and deletes them, or starts processes, would fill the memory."""
    from pulp_cargo.app.endpoints import hearing as module

    now = 0.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    for connection in range(1_000):
        hearing.note(uuid4(), 1, connection)
    assert len(hearing._heard) == 1_000
    now = module.REMEMBERED_SECONDS + 1
    hearing.note(REPOSITORY, 2, OTHER)
    assert list(hearing._heard) == [(REPOSITORY, OTHER)]


def test_what_is_heard_before_anybody_waits_counts(hearing: "Hearing") -> None:
    """The notice of a commit may overtake whoever committed; a later number includes it."""
    from pulp_cargo.app.services.commit import Committed

    hearing.note(REPOSITORY, 6, OURS)
    hearing.note(REPOSITORY, 7, OTHER)
    hearing.note(REPOSITORY, 5, OTHER)

    async def reach() -> None:
        async with asyncio.timeout(0.5):
            await hearing.reach(Committed(REPOSITORY, 6, frozenset([OURS, OTHER])))

    asyncio.run(reach())


def test_process_that_does_not_answer_is_waited_for_once(
    hearing: "Hearing", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has waited long enough goes on, and is forgotten."""
    from pulp_cargo.app.endpoints import hearing as module
    from pulp_cargo.app.services.commit import Committed

    monkeypatch.setattr(module, "PATIENCE", 0.01)

    async def reach() -> bool:
        waiting = asyncio.create_task(
            hearing.reach(Committed(REPOSITORY, 6, frozenset([OURS, OTHER])))
        )
        await asyncio.sleep(0)
        was_awaited = REPOSITORY in hearing._waiters
        await waiting
        return was_awaited

    assert asyncio.run(reach()) is True
    assert not hearing._waiters
