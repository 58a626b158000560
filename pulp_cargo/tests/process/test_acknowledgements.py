"""What a content process remembers of what others have heard, and for how long."""

import asyncio
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.endpoints.memory.acknowledgements import Acknowledgements

REPOSITORY = UUID(int=1)
OURS, OTHER = 11, 12


@pytest.fixture
def acknowledgements() -> "Acknowledgements":
    """A process with a connection of its own."""
    from pulp_cargo.app.endpoints.memory.acknowledgements import Acknowledgements

    acknowledgements = Acknowledgements()
    acknowledgements.own_connection = OURS
    return acknowledgements


def test_repositories_and_processes_that_are_gone_leave_nothing(
    acknowledgements: "Acknowledgements", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever makes repositories and deletes them, or starts processes, would fill the memory."""
    from pulp_cargo.app.endpoints.memory import acknowledgements as module
    from pulp_cargo.app.runtime import timeouts

    now = 0.0
    monkeypatch.setattr(module.time, "monotonic", lambda: now)
    for connection in range(1_000):
        acknowledgements.note(uuid4(), 1, connection)
    assert len(acknowledgements._heard) == 1_000
    now = timeouts.ACKNOWLEDGEMENT_MEMORY_SECONDS + 1
    acknowledgements.note(REPOSITORY, 2, OTHER)
    assert list(acknowledgements._heard) == [(REPOSITORY, OTHER)]


def test_what_is_heard_before_anybody_waits_counts(acknowledgements: "Acknowledgements") -> None:
    """The notice of a commit may overtake whoever committed; a later number includes it."""
    from pulp_cargo.app.services.publish.commit import Committed

    acknowledgements.note(REPOSITORY, 6, OURS)
    acknowledgements.note(REPOSITORY, 7, OTHER)
    acknowledgements.note(REPOSITORY, 5, OTHER)

    async def reach() -> None:
        async with asyncio.timeout(0.5):
            await acknowledgements.wait_until_all_processes_know(
                Committed(REPOSITORY, 6, frozenset([OURS, OTHER]))
            )

    asyncio.run(reach())


def test_process_that_does_not_answer_is_waited_for_once(
    acknowledgements: "Acknowledgements", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has waited long enough goes on, and is forgotten."""
    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.services.publish.commit import Committed

    monkeypatch.setattr(timeouts, "ACKNOWLEDGEMENT_TIMEOUT_SECONDS", 0.01)

    async def reach() -> bool:
        waiting = asyncio.create_task(
            acknowledgements.wait_until_all_processes_know(
                Committed(REPOSITORY, 6, frozenset([OURS, OTHER]))
            )
        )
        await asyncio.sleep(0)
        was_awaited = REPOSITORY in acknowledgements._waiters
        await waiting
        return was_awaited

    assert asyncio.run(reach()) is True
    assert not acknowledgements._waiters
