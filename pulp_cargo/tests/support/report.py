"""A report on the time of a run, printed at its end, so that the suite remains fast.

A pytest plugin, enabled in pyproject.toml. It also starts and stops what the processes of a run
share.
"""

import os
import time
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest

from pulp_cargo.tests.support import run
from pulp_cargo.tests.support.cores import Cores, Spans
from pulp_cargo.tests.support.groups import group_of

MOST_ROWS = 10


def pytest_configure(config: pytest.Config) -> None:
    """Start the run, if this is its first process, and start measuring."""
    is_first = run.begin()
    config.pluginmanager.register(Times(config, is_first=is_first), "times")


class Times:
    """The measurements of a process; in the first one, of all."""

    def __init__(self, config: pytest.Config, *, is_first: bool) -> None:
        self.config = config
        self.is_first = is_first
        self.began = time.monotonic()
        self.tests: Counter[str] = Counter()
        self.fixtures: Counter[str] = Counter()
        self.cpu: Counter[str] = Counter()
        self.groups: Counter[str] = Counter()
        self.cores = Cores()
        self.spans = Spans()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Measure the CPU time of a test's group; what a stack took is known when it has ended."""
        before = sum(os.times()[:4])
        try:
            return (yield)
        finally:
            self.groups[group_of(item.nodeid)] += sum(os.times()[:4]) - before

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """Measure a fixture, whose own fixtures were created before."""
        began = time.monotonic()
        try:
            return (yield)
        finally:
            name = f"{fixturedef.argname} ({fixturedef.baseid or 'pytest'})"
            self.fixtures[name] += time.monotonic() - began

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Measure a test without its fixtures, and its group with them."""
        if report.when == "call":
            self.tests[report.nodeid] += report.duration
        if self.is_first:
            worker = getattr(report, "worker_id", "")
            self.spans.add(group_of(report.nodeid), worker, report.start, report.stop)
            self.cores.look()

    def pytest_sessionfinish(self) -> None:
        """Send the measurements of a worker to the first process."""
        spent = os.times()
        self.cpu["tests"] += spent.user + spent.system
        # The children of the first process are the workers, which report for themselves.
        if not (self.is_first and self.config.getoption("numprocesses", None)):
            self.cpu["what tests started"] += spent.children_user + spent.children_system
        if hasattr(self.config, "workeroutput"):
            found = {
                "fixtures": dict(self.fixtures),
                "cpu": dict(self.cpu),
                "groups": dict(self.groups),
            }
            self.config.workeroutput |= found

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Add the measurements of a worker, unless it crashed."""
        output = getattr(node, "workeroutput", {})
        self.fixtures.update(output.get("fixtures", {}))
        self.cpu.update(output.get("cpu", {}))
        self.groups.update(output.get("groups", {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the slowest tests and fixtures, and the CPU time of all processes of the run."""
        if not self.is_first:
            return
        self.cpu.update({f"shared {name}": spent for name, spent in run.end().items()})
        elapsed = time.monotonic() - self.began
        terminalreporter.section("where the time went")
        for what, found in (
            ("longest tests, in seconds", self.tests),
            ("longest fixtures, in seconds", self.fixtures),
            ("groups with most CPU time, in seconds, without shared stacks", self.groups),
        ):
            terminalreporter.line(f"{what}:")
            for name, seconds in found.most_common(MOST_ROWS):
                terminalreporter.line(f"  {seconds:7.1f}  {name}")
        terminalreporter.line("longest groups and the last ones, with worker, in seconds:")
        for line in self.spans.lines(MOST_ROWS):
            terminalreporter.line(line)
        if self.cores.parts:
            terminalreporter.line(self.cores.line)
        total = sum(self.cpu.values())
        parts = ", ".join(f"{name} {seconds:.0f}" for name, seconds in self.cpu.most_common())
        terminalreporter.line(f"{total:.0f} s of CPU in {elapsed:.0f} s: {parts}")

    def pytest_unconfigure(self) -> None:
        """Stop what is still running after an interrupted run."""
        if self.is_first:
            run.end()
