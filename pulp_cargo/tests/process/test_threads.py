"""Work that hangs in one pool of threads keeps no other waiting."""

import asyncio
import threading
from typing import Any

import pytest


def test_storage_that_hangs_keeps_no_publish_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """To sign URLs a storage's client may have to fetch credentials first."""
    from pulp_cargo.app.endpoints import object_storage
    from pulp_cargo.app.services import threads

    answered = threading.Event()
    monkeypatch.setattr(object_storage, "_redirect", lambda *_: answered.wait(20))

    async def publish_beside_redirects() -> int:
        nothing: Any = None
        redirects = [object_storage.redirect(nothing, nothing, "", {}) for _ in range(8)]
        hanging = asyncio.gather(*redirects)
        await asyncio.sleep(0.1)
        try:
            return await asyncio.wait_for(threads.work(int, "1"), 5)
        finally:
            answered.set()
            await hanging

    assert asyncio.run(publish_beside_redirects()) == 1
