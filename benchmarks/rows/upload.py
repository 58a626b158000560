"""The speed of importing many .crate files in one call, and of long lists of crates."""

import io
import tarfile
import time
from collections.abc import Iterator
from typing import Any

import requests

from benchmarks import sets
from benchmarks.measure import Measure, at_least, at_most, percentile
from benchmarks.stack import Registry, Stack
from benchmarks.world import World

PAGE = 100


def in_one_call(world: World) -> Iterator[Measure]:
    """Import an archive of small crates, from the call to the end of its task."""
    registry = world.stack.make_registry("bench-import")
    count = world.scale.imports
    archive = _archive(registry, count)
    api = _Api(world.stack)
    start = time.perf_counter()
    path = f"{api.repository(registry)['pulp_href']}import_crates/"
    task = api.wait(api.call("POST", path, files={"file": ("crates.tar", archive)})["task"])
    seconds = time.perf_counter() - start
    yield Measure(
        f"import of {count:,} .crate files in one call",
        count / seconds,
        "/s",
        at_least(100),
        detail={"versions made": len(task["created_resources"]), "MB": len(archive) / 1e6},
    )


def lists(world: World) -> Iterator[Measure]:
    """Request pages of a long list of crates."""
    api = _Api(world.stack)
    version = api.repository(world.huge)["latest_version_href"]
    last = world.scale.huge - PAGE
    for what, query in (
        ("first page", {}),
        ("last page", {"offset": last}),
        ("first page of a version", {"repository_version": version}),
        (
            "middle page of a version",
            {"repository_version": version, "offset": world.scale.huge // 2},
        ),
        ("last page of a version", {"repository_version": version, "offset": last}),
    ):
        took = [api.time_page(query) for _ in range(world.scale.publishes // 5)]
        yield Measure(
            f"list of {world.scale.huge:,} crates, {what}, p50",
            percentile(took, 50) * 1e3,
            "ms",
            at_most(100),
        )


class _Api:
    """The REST API for the administrator."""

    def __init__(self, stack: Stack) -> None:
        self._origin, user, password = stack.api
        self._session = requests.Session()
        # Checking a password costs Pulp a tenth of a second; a session costs nothing.
        self.call("POST", "/pulp/api/v3/login/", auth=(user, password))
        self._session.headers["X-CSRFToken"] = self._session.cookies["csrftoken"]

    def call(self, method: str, path: str, **kwargs: Any) -> Any:
        """Return the JSON of a response."""
        answer = self._session.request(method, f"{self._origin}{path}", timeout=60, **kwargs)
        answer.raise_for_status()
        return answer.json()

    def repository(self, registry: Registry) -> Any:
        """Return the repository of a registry, which has its name."""
        query = {"name": registry.name}
        path = "/pulp/api/v3/repositories/cargo/cargo/"
        return self.call("GET", path, params=query)["results"][0]

    def wait(self, task: str) -> Any:
        """Return a task that has completed."""
        while (now := self.call("GET", task))["state"] in ("waiting", "running"):
            time.sleep(0.05)
        if now["state"] != "completed":
            raise SystemExit(f"the import failed: {now['error']}")
        return now

    def time_page(self, query: dict[str, Any]) -> float:
        """Return the seconds for a page."""
        start = time.perf_counter()
        self.call("GET", "/pulp/api/v3/content/cargo/crates/", params={"limit": PAGE, **query})
        return time.perf_counter() - start


def _archive(registry: Registry, count: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for crate in sets.crowd(count, prefix="import", versions=1):
            data = crate.archive(registry.index_url)
            entry = tarfile.TarInfo(f"{crate.name}-{crate.vers}.crate")
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
