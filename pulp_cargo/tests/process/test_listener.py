"""What a process does with the notices that it receives."""

from typing import TYPE_CHECKING, Any
from unittest.mock import Mock
from uuid import UUID

import pytest

if TYPE_CHECKING:
    from pulp_cargo.app.endpoints.memory.memory import Memory

REGISTRIES = {"kind": "registries"}
PRINCIPALS = {"kind": "principals"}


@pytest.mark.parametrize(
    ("notices", "checks"),
    [([], 0), ([PRINCIPALS], 0), ([REGISTRIES], 1), ([REGISTRIES, PRINCIPALS, REGISTRIES], 1)],
)
def test_clients_of_upstreams_are_checked_once_per_packet(
    memory: "Memory",
    notices: list[dict[str, Any]],
    checks: int,
) -> None:
    """Each check is a query, and a change of many rows sends as many notices; all are applied."""
    from pulp_cargo.app.endpoints.memory.listener import Listener
    from pulp_cargo.app.runtime.background import BackgroundTasks

    cache = Mock()
    Listener(memory, cache, BackgroundTasks()).take(notices)
    assert cache.clients.check_soon.call_count == checks
    assert cache.persist_queue.hurry.call_count == checks
    # Every notice is applied, and makes what was looked up before it outdated.
    assert memory.generation >= len(notices)


def test_change_of_an_index_file_drops_its_parsed_versions(memory: "Memory") -> None:
    """They have the checksums of the old bytes; and any registry may have crates from there."""
    from pulp_cargo.app.endpoints.memory.listener import Listener
    from pulp_cargo.app.runtime.background import BackgroundTasks

    cache, remote = Mock(), UUID(int=1)
    notice = {"kind": "index", "remote": str(remote), "name": "leaf"}
    Listener(memory, cache, BackgroundTasks()).take([notice])
    cache.parsed_indexes.forget.assert_called_once_with(remote, "leaf")
    assert memory.generation > 0
