"""The metrics of a content process for Pulp's OpenTelemetry collector.

The middleware is in front of Pulp's own instrumentation, so Pulp's metrics have none of these
requests. No name of a registry, crate or user is an attribute: each would be a separate time series,
and the names in a private registry are confidential.

A response from memory takes less time than recording it in a histogram, so these are only counted.
"""

import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import cache

from aiohttp import web
from opentelemetry.metrics import CallbackOptions, Observation

from pulp_cargo.app.endpoints.front import middleware
from pulp_cargo.app.endpoints.http.core import get_worker_name, init_otel_meter
from pulp_cargo.app.endpoints.http.request import OPERATION
from pulp_cargo.app.endpoints.process import PROCESS
from pulp_cargo.app.upstream.events import events

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Upper bounds of the histogram in seconds: a 304 takes less than the first, and cargo waits for no
# longer than the last.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

METER = init_otel_meter("pulp-content", exporter=None, reader=None, provider=None)
# The meter, its instruments and these counts are at module level because OpenTelemetry has one meter
# provider per interpreter, which calls back for as long as that runs.

# Responses by operation, source and status; cheaper than a counter of OpenTelemetry.
answers: Counter[tuple[str, str, int]] = Counter()


@web.middleware
async def measured_edge(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with the middleware, and record the kind of response and its duration."""
    if request.match_info.handler is not middleware.handle_registry:
        return await middleware.edge(request, handler)
    begun = time.perf_counter()
    response = await middleware.edge(request, handler)
    remembered = request.get(middleware.REMEMBERED)
    if remembered is not None:
        answers[remembered, "memory", response.status] += 1
        return response
    operation = request.get(OPERATION, "other")
    answers[operation, "database", response.status] += 1
    DURATION.record(time.perf_counter() - begun, _attributes(operation, response.status))
    return response


def _attributes(operation: str, status: int, **more: str) -> dict[str, str | int]:
    return {
        "cargo.operation": operation,
        "http.response.status_code": status,
        "worker.name": _worker(),
        **more,
    }


@cache
def _worker() -> str:
    """The name of this process, for which Pulp queries the resolver every time."""
    return str(get_worker_name())


def _requests(options: CallbackOptions) -> Iterable[Observation]:
    for (operation, source, status), count in list(answers.items()):
        yield Observation(count, _attributes(operation, status, **{"cargo.source": source}))


def _upstream_events(options: CallbackOptions) -> Iterable[Observation]:
    for event, count in list(events.items()):
        yield Observation(count, {"cargo.event": event.value, "worker.name": _worker()})


def _of_process(value: Callable[[], int]) -> list[Callable[[CallbackOptions], list[Observation]]]:
    return [lambda options: [Observation(value(), {"worker.name": _worker()})]]


DURATION = METER.create_histogram(
    "cargo.request.duration",
    unit="s",
    description="The time until the response to a request to a registry starts; not measured for"
    " responses from memory",
    explicit_bucket_boundaries_advisory=BOUNDS,
)
METER.create_observable_counter(
    "cargo.requests",
    callbacks=[_requests],
    unit="{request}",
    description="Requests to registries, by operation, source and status",
)
METER.create_observable_counter(
    "cargo.upstream.events",
    callbacks=[_upstream_events],
    unit="{event}",
    description="Failures of upstream registries, by kind",
)


async def measuring(app: web.Application) -> AsyncIterator[None]:
    """Measure the state of the process from its start on (an aiohttp cleanup context)."""
    process = app[PROCESS]
    METER.create_observable_counter(
        "cargo.busy.waits",
        callbacks=_of_process(lambda: process.commits.busy_waits),
        unit="{wait}",
        description="How often a publish or yank had to wait because a task had locked the repository",
    )
    METER.create_observable_up_down_counter(
        "cargo.memory.usage",
        callbacks=_of_process(lambda: process.memory.size),
        unit="By",
        description="The memory of cached responses",
    )
    METER.create_observable_gauge(
        "cargo.listening",
        callbacks=_of_process(lambda: int(process.memory.listening)),
        unit="1",
        description="1 while the process receives messages about changes, 0 while it reads everything"
        " from the database",
    )
    yield
