"""What searches cost: how often they are repeated, and how many crates they read."""

import asyncio
import secrets
import string
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from pulp_cargo.protocol.web_api.search import parse_search
from pulp_cargo.tests.database.test_catalog import write
from pulp_cargo.tests.database.upstreams import registry_of

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, CrateContent
    from pulp_cargo.app.queries.registry.registry import Registry
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
    count = sum("plainto_tsquery" in one for one in sent)
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


def found_by(word: str, per_page: int, registry: "Registry") -> tuple[int, list[str]]:
    """Return how many crates a search finds, and the names on its first page."""
    from pulp_cargo.app.services.catalog.find import find
    from pulp_cargo.app.services.catalog.served import update

    update(registry)
    count, found = find(registry, parse_search({"q": [word], "per_page": [str(per_page)]}))
    return count, [one.name for one in found]


@pytest.mark.parametrize(
    ("per_page", "names", "total"),
    [
        # The page has crates whose descriptions have the word, so all of them are read.
        (3, ["word", "a", "b"], 5),
        # The name fills the page, so the others are only counted, up to the limit.
        (1, ["word"], 3),
    ],
)
def test_words_that_many_crates_have_cost_no_more_than_the_page_needs(
    repository: "CargoRepository",
    new_crate: "Callable[..., CrateContent]",
    new_distribution: "NewList",
    monkeypatch: pytest.MonkeyPatch,
    per_page: int,
    names: list[str],
    total: int,
) -> None:
    """The order is that of all crates; beyond the limit, what no page shows need not be counted."""
    from pulp_cargo.app.queries import text_search

    word = "".join(secrets.choice(string.ascii_lowercase) for _ in range(12))
    described = [new_crate(f"{one}-{secrets.token_hex(4)}", description=word) for one in "dbca"]
    write(repository, [*described, new_crate(word)])
    monkeypatch.setattr(text_search, "MOST_BY_WORDS", 2)
    count, found = found_by(word, per_page, registry_of(new_distribution(repository=repository)))
    short = {word: "word"} | {one.name: one.name[0] for one in described}
    assert ([short[one] for one in found], count) == (names, total)


@pytest.mark.parametrize(
    ("per_page", "names", "total"),
    [
        # The page has names that contain the word, so all of them are read.
        (3, ["word", "a-word", "b-word"], 5),
        # The name fills the page, so the others are only counted, up to the limit.
        (1, ["word"], 3),
    ],
)
def test_names_that_contain_a_word_cost_no_more_than_the_page_needs(
    repository: "CargoRepository",
    new_crate: "Callable[..., CrateContent]",
    new_distribution: "NewList",
    monkeypatch: pytest.MonkeyPatch,
    per_page: int,
    names: list[str],
    total: int,
) -> None:
    """Names that begin with the words come first; beyond the limit, others need not be counted."""
    from pulp_cargo.app.queries import text_search

    word = "".join(secrets.choice(string.ascii_lowercase) for _ in range(12))
    write(repository, [new_crate(one) for one in (*(f"{one}-{word}" for one in "dbca"), word)])
    monkeypatch.setattr(text_search, "MOST_BY_WORDS", 2)
    count, found = found_by(word, per_page, registry_of(new_distribution(repository=repository)))
    assert ([one.replace(word, "word") for one in found], count) == (names, total)


def test_misspelled_name_finds_no_names_that_only_share_a_word(
    repository: "CargoRepository",
    new_crate: "Callable[..., CrateContent]",
    new_distribution: "NewList",
) -> None:
    """Of two names with a word of the text, the one that was meant is found."""
    from pulp_cargo.app.services.catalog.find import find
    from pulp_cargo.app.services.catalog.served import update

    word = "".join(secrets.choice(string.ascii_lowercase) for _ in range(8))
    write(repository, [new_crate(f"{word}-subscriber"), new_crate(f"{word}-display")])
    registry = registry_of(new_distribution(repository=repository))
    update(registry)
    count, found = find(registry, parse_search({"q": [f"{word}-subcsriber"]}))
    assert ([one.name for one in found], count) == ([f"{word}-subscriber"], 1)


def test_indexes_of_texts_begin_with_the_catalog(repository: "CargoRepository") -> None:
    """So a search of a small registry does not read the hits of large ones in the same table."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT name.relname FROM pg_index i JOIN pg_class name ON name.oid = i.indexrelid
            JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = 'cargo_catalogcrate'::regclass AND a.attname = 'catalog_id'
        """)
        begin_with_it = {name for (name,) in cursor.fetchall()}
    texts = ("document", "heading", "trigrams", "beginnings")
    assert begin_with_it >= {f"cargo_catalog_{one}" for one in texts}
