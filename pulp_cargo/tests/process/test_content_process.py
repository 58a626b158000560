"""How a content process starts and ends."""

import asyncio
import resource
import sys
from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest


@pytest.fixture
def limits() -> Iterator[tuple[float, tuple[int, int]]]:
    """The limits of this process, which are as they were after the test."""
    before = sys.getswitchinterval(), resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    sys.setswitchinterval(before[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, before[1])


def test_import_changes_nothing_about_the_interpreter(
    limits: tuple[float, tuple[int, int]],
) -> None:
    """Whoever imports a module asks for no more than that."""
    import pulp_cargo.app.content  # noqa: F401

    assert (sys.getswitchinterval(), resource.getrlimit(resource.RLIMIT_NOFILE)) == limits


def test_start_sets_limits(limits: tuple[float, tuple[int, int]]) -> None:
    """More files may be open, as far as the system lets us."""
    from pulp_cargo.app import content_process

    _, (_, hard) = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, hard), hard))
    content_process.set_interpreter_limits()
    assert sys.getswitchinterval() == pytest.approx(0.001)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(8192, hard), hard)


def test_process_that_ends_writes_before_it_closes(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that waits is written, also refusals and counts; only then the connections are closed."""
    from pulp_cargo.app import content_process
    from pulp_cargo.app.content_process import ContentProcess

    ended: list[str] = []

    def part(name: str) -> Any:
        async def close() -> None:
            await asyncio.sleep(0.001)
            ended.append(name)

        return Mock(close=close)

    queues = ("commits", "downloaded", "index_files", "refusals", "counts")
    parts = {name: part(name) for name in (*queues, "background", "clients")}
    monkeypatch.setattr(content_process.crate_reader, "stop", lambda: ended.append("reader"))
    asyncio.run(ContentProcess(**parts).close())
    assert set(ended[:5]) == set(queues)
    assert ended[5:] == ["background", "clients", "reader"]
