"""Asyncio tasks that no caller awaits."""

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from pulp_cargo.app.runtime import timeouts

log = logging.getLogger(__name__)

T = TypeVar("T")


class BackgroundTasks:
    """The background tasks of a process; a task without a reference may be garbage-collected."""

    def __init__(self) -> None:
        # Whether the process waits for a task when it ends.
        self._tasks: dict[asyncio.Task[Any], bool] = {}

    def spawn(
        self, coroutine: Coroutine[Any, Any, T], *, failure: str, wait_at_exit: bool = True
    ) -> asyncio.Task[T]:
        """Start a task, and log `failure` with the error if the task raises one.

        A task is cancelled when the process ends; by default it gets some time to finish first.
        """
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks[task] = wait_at_exit
        task.add_done_callback(lambda done: self._finished(done, failure))
        return task

    async def close(self) -> None:
        """Let tasks of this event loop finish if they may, and cancel the others."""
        loop = asyncio.get_running_loop()
        own = {task: waits for task, waits in self._tasks.items() if task.get_loop() is loop}
        for task, waits in own.items():
            if not waits:
                task.cancel()
        if own:
            _, late = await asyncio.wait(own, timeout=timeouts.BACKGROUND_DRAIN_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _finished(self, task: asyncio.Task[Any], failure: str) -> None:
        self._tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("%s: %s", failure, error)
