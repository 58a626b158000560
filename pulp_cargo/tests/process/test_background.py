"""Tasks that nobody waits for."""

import asyncio
import gc

import pytest


async def fail() -> None:
    """Fail, as a database may."""
    raise ConnectionError("it is away")


def test_task_runs_though_nobody_holds_it() -> None:
    """The event loop alone would let go of it."""
    from pulp_cargo.app.runtime.background import BackgroundTasks

    async def scene() -> bool:
        tasks, ended = BackgroundTasks(), asyncio.Event()

        async def run() -> None:
            await asyncio.sleep(0.01)
            ended.set()

        tasks.spawn(run(), failure="It failed")
        gc.collect()
        await asyncio.wait_for(ended.wait(), 1)
        await asyncio.sleep(0)
        return bool(tasks._tasks)

    assert asyncio.run(scene()) is False


def test_failure_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """As a sentence, with what went wrong."""
    from pulp_cargo.app.runtime.background import BackgroundTasks

    async def scene() -> None:
        BackgroundTasks().spawn(fail(), failure="The yanks of `leaf` upstream could not be copied")
        await asyncio.sleep(0.01)

    asyncio.run(scene())
    assert caplog.messages == ["The yanks of `leaf` upstream could not be copied: it is away"]


def test_process_that_ends_waits_for_its_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for those that may take long, and for none for ever."""
    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.runtime.background import BackgroundTasks

    monkeypatch.setattr(timeouts, "BACKGROUND_DRAIN_SECONDS", 0.1)

    async def scene() -> list[bool]:
        tasks = BackgroundTasks()
        started = [
            tasks.spawn(asyncio.sleep(0.02), failure="short"),
            tasks.spawn(asyncio.sleep(0.02), failure="a download", wait_at_exit=False),
            tasks.spawn(asyncio.sleep(60), failure="endless"),
        ]
        await tasks.close()
        return [task.cancelled() for task in started]

    assert asyncio.run(scene()) == [False, True, True]
