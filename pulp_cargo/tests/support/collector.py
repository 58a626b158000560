"""An OpenTelemetry collector that stores the latest values."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from pulp_cargo.tests.support.serving import serving

Attributes = frozenset[tuple[str, str | int]]


class Collector:
    """The newest value of each time series, by metric and attributes."""

    def __init__(self) -> None:
        self.url = ""
        self.exports = 0
        self.texts: list[str] = []
        self._series: dict[str, dict[Attributes, float]] = {}

    def take(self, body: bytes) -> None:
        """Store an export."""
        export = ExportMetricsServiceRequest.FromString(body)
        self.texts.append(str(export))
        metrics = [
            metric
            for resource in export.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        for metric in metrics:
            data = getattr(metric, metric.WhichOneof("data"))
            for point in data.data_points:
                self._series.setdefault(metric.name, {})[_attributes(point)] = _value(point)
        if any(metric.name == "cargo.listening" for metric in metrics):
            self.exports += 1

    def series(self, name: str) -> dict[Attributes, float]:
        """Return the values of a metric (of a histogram, the counts), by attributes."""
        return dict(self._series.get(name, {}))

    def total(self, name: str) -> float:
        """Return the sum of all values of a metric."""
        return sum(self.series(name).values())


def _attributes(point: Any) -> Attributes:
    """The attributes without the name of the process."""
    found = {one.key: one.value for one in point.attributes}
    found.pop("worker.name", None)
    return frozenset(
        (key, getattr(value, value.WhichOneof("value"))) for key, value in found.items()
    )


def _value(point: Any) -> float:
    if hasattr(point, "bucket_counts"):
        return float(point.count)
    return float(getattr(point, point.WhichOneof("value")))


@contextmanager
def running() -> Iterator[Collector]:
    """Run a collector within the context."""
    collector = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            collector.take(body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportMetricsServiceResponse().SerializeToString())

        def log_message(self, *args: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    with serving(server):
        yield collector
