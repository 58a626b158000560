"""Which files of the plugin somebody has to know to follow a request."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, running
from pulp_cargo.tests.support.walk import Walk, walking

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote

DOWNLOAD = "app/endpoints/read/download.py"
# From the endpoint to the first byte, if the index is known and the file is not stored.
CACHED_DOWNLOAD = (
    DOWNLOAD,
    "protocol/names.py",
    "protocol/semver.py",
    "app/queries/registry/registry.py",
    "app/endpoints/http/responses.py",
    # The decision
    "app/services/cache/download.py",
    "rules/resolution.py",
    "app/services/cache/parsed_indexes.py",
    "app/services/cache/index_store.py",
    "app/runtime/write_behind.py",
    "app/runtime/threads.py",
    "app/queries/crates/crate_file.py",
    "app/runtime/statements.py",
    "app/queries/upstreams/upstreams.py",
    # The fetch, in a task that all clients share
    "app/services/fetch/shared_fetch.py",
    "app/runtime/background.py",
    "app/upstream/client.py",
    "protocol/upstream_config.py",
    "app/upstream/connection.py",
    "rules/breaker.py",
    "app/services/crates/incoming_file.py",
    "app/runtime/free_space.py",
    # What remains of it
    "app/services/fetch/persist_queue.py",
    "app/services/statistics/download_counts.py",
)


@pytest.fixture
def new_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use pools without threads, since only threads that start later are watched."""
    from pulp_cargo.app.runtime import threads

    for name, pool in vars(threads).copy().items():
        if isinstance(pool, ThreadPoolExecutor):
            monkeypatch.setattr(threads, name, ThreadPoolExecutor(1))
    # So many wait for each other at the start, for ten seconds.
    monkeypatch.setattr(threads, "READER_COUNT", 1)


async def download(walk: Walk, base_path: str, upstream: SparseUpstream, size: int) -> None:
    """Download a crate through a cache that knows its index, and has fetched another version."""
    from pulp_cargo.app.endpoints.content_process import content_process
    from pulp_cargo.app.endpoints.front.middleware import edge, handle_registry

    name = f"acme-{secrets.token_hex(6)}"
    crates = [Crate(name, "1.0.0"), Crate(name, "1.1.0", files={"x": secrets.token_bytes(size)})]
    upstream.have(*crates)
    app = web.Application(middlewares=[walk.middleware, edge])
    app.router.add_route("*", "/pulp/cargo/{path:.*}", handle_registry)
    app.cleanup_ctx.append(content_process)
    async with TestClient(TestServer(app)) as client:
        root = f"/pulp/cargo/{base_path}"
        url = f"{root}/api/v1/crates/{name}"
        for path in (f"{root}/ac/me/{name}", f"{url}/1.0.0/download"):
            assert (await client.get(path)).status == 200
        response = await client.get(f"{url}/1.1.0/download", headers={"Walk": "1"})
        assert await response.read() == crates[1].packed(upstream.index_url)


@pytest.mark.usefixtures("new_threads")
@pytest.mark.parametrize("size", [10, 3_000_000], ids=["small", "large"])
def test_cached_download_enters_these_files(
    new_repository: "Callable[..., CargoRepository]",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    size: int,
) -> None:
    """Another file is one more to know; `docs/dev/architecture.md` says why they are so many."""
    with running() as upstream:
        remote = new_remote(upstream.index_url)
        remote.policy = "on_demand"
        remote.save()
        cache = new_distribution(remote=remote, repository=new_repository())
        with walking() as walk:
            asyncio.run(download(walk, cache.base_path, upstream, size))
    assert set(walk.files_from(DOWNLOAD)) <= set(CACHED_DOWNLOAD), walk.calls
