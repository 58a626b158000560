"""A stack of its own that sends its numbers to a collector of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.support import collector as collectors
from pulp_cargo.tests.support.collector import Collector
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack, started


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """Where the numbers go."""
    with collectors.running() as running:
        yield running


@pytest.fixture(scope="package")
def stack(open_directory: Path, collector: Collector) -> Iterator[Stack]:
    """A Pulp with OpenTelemetry, and one content process."""
    environ = {
        "PULP_OTEL_ENABLED": "true",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_METRIC_EXPORT_INTERVAL": "250",
    }
    with started(open_directory / "telemetry", environ=environ) as own:
        yield own


@pytest.fixture(scope="package")
def registry(stack: Stack) -> Registry:
    """The registry that is there from the start."""
    return stack.registry
