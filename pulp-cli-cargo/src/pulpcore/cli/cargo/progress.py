"""What a command shows on a terminal while it takes long; nothing of it if that is piped."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click
from pulp_cli.generic import PulpCLIContext
from pulp_glue.common.context import EntityDefinition
from pulp_glue.common.exceptions import PulpNoWait

UNFINISHED = ("waiting", "running", "canceling")
# Seconds between two looks at a task.
INTERVAL = 0.5


@contextmanager
def bars(pulp_ctx: PulpCLIContext) -> Iterator[None]:
    """Show a bar for each task that is waited for in the context, instead of pulp-cli's dots."""
    if not sys.stderr.isatty():
        yield
        return
    wait_for_task = pulp_ctx.wait_for_task

    def wait(task: EntityDefinition, expect_cancel: bool = False) -> Any:
        if not pulp_ctx.background_tasks:
            task = _watch(pulp_ctx, task)
        # It has ended, so this returns it or raises the reason.
        return wait_for_task(task, expect_cancel)

    pulp_ctx.wait_for_task = wait  # type: ignore[method-assign]
    try:
        yield
    finally:
        pulp_ctx.wait_for_task = wait_for_task  # type: ignore[method-assign]


@contextmanager
def note(text: str) -> Iterator[None]:
    """Show a line while a request takes long, and remove it."""
    if not sys.stderr.isatty():
        yield
        return
    click.echo(f"{text} …", err=True, nl=False)
    try:
        yield
    finally:
        click.echo("\r\033[K", err=True, nl=False)


def _watch(pulp_ctx: PulpCLIContext, task: EntityDefinition) -> EntityDefinition:
    """Return the task when it has ended; meanwhile show its progress."""
    href = task["pulp_href"]
    deadline = datetime.now() + pulp_ctx.timeout if pulp_ctx.timeout else None
    bar = _Bar()
    try:
        while task["state"] in UNFINISHED:
            if deadline is not None and datetime.now() > deadline:
                raise PulpNoWait(f"Waiting for task {href} timed out.")
            time.sleep(INTERVAL)
            task = pulp_ctx.api.call("tasks_read", parameters={"task_href": href})
            bar.show(task["progress_reports"])
    except KeyboardInterrupt:
        raise PulpNoWait(f"Task {href} sent to background.") from None
    finally:
        bar.close()
    return task


class _Bar:
    """The bar of the report that is being made, with its numbers."""

    def __init__(self) -> None:
        self._message = ""
        self._bar: Any = None

    def show(self, reports: Sequence[Mapping[str, Any]]) -> None:
        """Show the latest report that has a total."""
        counted = [one for one in reports if one["total"]]
        if not counted:
            return
        report = counted[-1]
        if report["message"] != self._message:
            self.close()
            self._message = report["message"]
            self._bar = click.progressbar(
                length=report["total"], label=self._message, show_pos=True, file=sys.stderr
            )
            self._bar.__enter__()
        self._bar.length = report["total"]
        self._bar.update(report["done"] - self._bar.pos)

    def close(self) -> None:
        """End the line."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
