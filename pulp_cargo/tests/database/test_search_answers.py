"""Answers to searches are remembered as long as their registry serves the same, for its readers."""

import asyncio
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pulp_cargo.tests.database.test_catalog import write

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, CrateContent
    from pulp_cargo.tests.database.upstreams import NewList


def application() -> web.Application:
    """Return an application that gets no messages, so that it looks each registry up anew."""
    from pulp_cargo.app.endpoints.front.middleware import edge, handle_registry
    from pulp_cargo.app.endpoints.process import PROCESS, ContentProcess

    app = web.Application(middlewares=[edge])
    app[PROCESS] = ContentProcess()
    app.router.add_route("*", "/pulp/cargo/{path:.*}", handle_registry)
    return app


def searches_in(sent: list[str]) -> int:
    """Return how many searches are among the statements, and forget them."""
    count = sum("websearch_to_tsquery" in one for one in sent)
    sent.clear()
    return count


def test_answer_is_remembered_until_the_registry_serves_something_else(
    repository: "CargoRepository",
    new_crate: "Callable[..., CrateContent]",
    new_distribution: "NewList",
    sent: list[str],
) -> None:
    """A search is repeated after a publish, and for each other query string."""
    from pulp_cargo.app.runtime import threads

    name = f"found-{secrets.token_hex(4)}"
    registry = new_distribution(repository=repository)

    async def scene() -> list[tuple[list[str], str | None, int]]:
        async with TestClient(TestServer(application())) as client:

            async def search(query: str) -> tuple[list[str], str | None, int]:
                url = f"/pulp/cargo/{registry.base_path}/api/v1/crates?{query}"
                body: dict[str, Any] = await (await client.get(url)).json()
                names = [crate["name"] for crate in body["crates"]]
                return names, body["meta"]["next_page"], searches_in(sent)

            async def publish(crate: str) -> None:
                await threads.write(lambda: write(repository, [new_crate(crate)]))

            await publish(name)
            found = [await search(f"q={name}&per_page=1") for _ in range(2)]
            await publish(f"{name}-more")
            found += [await search(f"q={name}&per_page=1") for _ in range(2)]
            return [*found, await search(f"q={name}")]

    assert asyncio.run(scene()) == [
        ([name], None, 1),
        ([name], None, 0),
        ([name], f"?q={name}&per_page=1&page=2", 1),
        ([name], f"?q={name}&per_page=1&page=2", 0),
        ([name, f"{name}-more"], None, 1),
    ]
