"""Feeds of new crates and versions, in RSS 2.0 and at the paths of crates.io."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import headers_for_readers, not_modified
from pulp_cargo.app.queries import feeds as queries
from pulp_cargo.app.queries.feeds import News
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services.catalog import feeds
from pulp_cargo.app.services.catalog.feeds import Query
from pulp_cargo.protocol.errors import CrateNotFound
from pulp_cargo.protocol.names import CRATE_NAME, canonical_name
from pulp_cargo.protocol.rss import Channel, Item, render_feed

NEW_CRATES = 50
NEW_VERSIONS = 100
NEW_VERSIONS_OF_CRATE = 10


async def get_new_crates(cargo: CargoRequest) -> web.Response:
    """`GET rss/crates.xml`: the latest new crates."""
    query = partial(queries.newest_crates, limit=NEW_CRATES)
    return await _respond(cargo, query, "new crates")


async def get_updates(cargo: CargoRequest) -> web.Response:
    """`GET rss/updates.xml`: the latest new versions."""
    query = partial(queries.newest_versions, limit=NEW_VERSIONS)
    return await _respond(cargo, query, "new versions")


async def get_updates_of_crate(cargo: CargoRequest, name: str) -> web.Response:
    """`GET rss/crates/{name}.xml`: the latest versions of a crate."""
    if not CRATE_NAME.fullmatch(name):
        raise CrateNotFound(name)
    query = partial(
        queries.newest_versions_of, name=canonical_name(name), limit=NEW_VERSIONS_OF_CRATE
    )
    return await _respond(cargo, query, f"new versions of {name}", crate=name)


async def _respond(
    cargo: CargoRequest, query: Query, subject: str, crate: str | None = None
) -> web.Response:
    cargo.require_crates()
    etag = feeds.tag(cargo.registry, cargo.path)
    if same := not_modified(cargo.http, etag, headers_for_readers(cargo)):
        return same
    found = await asked(cargo, feeds.news, query)
    # The registry may have been looked up again.
    etag = feeds.tag(cargo.registry, cargo.path)
    if crate is not None and not found:
        raise CrateNotFound(crate)
    body = await threads.work(_render, cargo, found, subject)
    return web.Response(
        body=body, content_type="text/xml", charset="utf-8", headers=_headers(cargo, etag)
    )


def _headers(cargo: CargoRequest, etag: str) -> dict[str, str]:
    return {"ETag": etag, **headers_for_readers(cargo)}


def _render(cargo: CargoRequest, found: Sequence[News], subject: str) -> bytes:
    registry = cargo.registry
    channel = Channel(
        title=f"{registry.name}: {subject}",
        description=f"The latest {subject} in the registry {registry.name}",
        link=registry.urls.root,
        url=registry.urls.root + quote(cargo.path),
    )
    return render_feed(channel, [_item(registry.urls.root, one) for one in found])


def _item(root: str, news: News) -> Item:
    link = f"{root}crates/{news.name}"
    if news.vers is None:
        title = f"New crate created: {news.name}"
    else:
        title = f"New crate version published: {news.name} v{news.vers}"
        link += f"/{quote(news.vers, safe='')}"
    return Item(title, link, news.published, news.name, news.vers, news.description)
