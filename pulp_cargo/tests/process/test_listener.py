"""What a process does with the notices that it receives."""

from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

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
    monkeypatch: pytest.MonkeyPatch,
    notices: list[dict[str, Any]],
    checks: int,
) -> None:
    """Each check is a query, and a change of many rows sends as many notices; all are applied."""
    from pulp_cargo.app.endpoints.memory import listener

    clients, queue = Mock(), Mock()
    monkeypatch.setattr(listener, "memory", memory)
    monkeypatch.setattr(listener, "upstream_clients", clients)
    monkeypatch.setattr(listener, "persist_queue", queue)
    listener._take(notices)
    assert clients.check_soon.call_count == checks
    assert queue.hurry.call_count == checks
    assert (memory.generation > 0) == bool(notices)
