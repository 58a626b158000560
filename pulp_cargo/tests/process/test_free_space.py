"""Below a settable amount of free space nothing more is stored."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pulp_cargo.protocol.unavailable import StorageFull


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """The settings that this is about; Django's own would not be as they were after a change."""
    from pulp_cargo.app.runtime import free_space

    own = SimpleNamespace(WORKING_DIRECTORY=tmp_path, MEDIA_ROOT=tmp_path, CARGO_MIN_FREE_BYTES=0)
    monkeypatch.setattr(free_space, "settings", own)
    return own


@pytest.mark.parametrize(("least", "has_room"), [(0, True), (2**62, False)])
def test_room_is_what_the_setting_wants(settings: Any, least: int, has_room: bool) -> None:
    """Where files come, and where they stay."""
    from pulp_cargo.app.runtime.free_space import FreeSpace

    settings.CARGO_MIN_FREE_BYTES = least
    assert FreeSpace().has_room() is has_room


def test_publish_is_refused_without_room(settings: Any) -> None:
    """Before a byte of it is stored, by a sentence and a status that says to come again."""
    from pulp_cargo.app.runtime.free_space import FreeSpace

    settings.CARGO_MIN_FREE_BYTES = 2**62
    with pytest.raises(StorageFull, match="no space left") as refused:
        FreeSpace().require_room()
    assert refused.value.status == 503


def test_cache_stores_nothing_without_room(settings: Any) -> None:
    """Neither files nor index files; clients have what they came for."""
    from pulp_cargo.app.services.process import ServiceState

    settings.CARGO_MIN_FREE_BYTES = 2**62
    cache = ServiceState().cache
    files, index_files = cache.persist_queue, cache.index_store
    files.put_file(None, None, None)
    index_files.put(None, None, is_new=True)
    assert len(files._queue) == len(index_files._queue) == 0
