"""All routes of a registry in one table, with the rights that they require."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.pages import search as search_pages
from pulp_cargo.app.endpoints.pages.changes import get_changes
from pulp_cargo.app.endpoints.pages.contents import get_diff, get_files, get_source
from pulp_cargo.app.endpoints.pages.crate import get_crate_page, get_version_page, get_versions_page
from pulp_cargo.app.endpoints.pages.dependents import get_dependents_page
from pulp_cargo.app.endpoints.pages.home import get_home
from pulp_cargo.app.endpoints.pages.moved import to_page
from pulp_cargo.app.endpoints.pages.refused import get_refused_page
from pulp_cargo.app.endpoints.read.config import get_cargo_config, get_config
from pulp_cargo.app.endpoints.read.download import get_crate_file
from pulp_cargo.app.endpoints.read.download_counts import (
    get_crate_downloads,
    get_version_downloads,
)
from pulp_cargo.app.endpoints.read.feeds import get_new_crates, get_updates, get_updates_of_crate
from pulp_cargo.app.endpoints.read.index import get_index_file
from pulp_cargo.app.endpoints.read.listing import get_listing
from pulp_cargo.app.endpoints.read.login_page import get_me, get_style
from pulp_cargo.app.endpoints.read.owners import get_owner_teams, get_owner_users, get_owners
from pulp_cargo.app.endpoints.read.search import get_crates
from pulp_cargo.app.endpoints.read.snapshot import get_lines, get_signature, get_snapshot
from pulp_cargo.app.endpoints.read.tags import (
    get_categories,
    get_category,
    get_category_slugs,
    get_keyword,
    get_keywords,
    get_summary,
)
from pulp_cargo.app.endpoints.read.web_api import (
    get_authors,
    get_crate,
    get_dependencies,
    get_readme,
    get_reverse_dependencies,
    get_version,
    get_versions,
)
from pulp_cargo.app.endpoints.write.account import (
    delete_current,
    delete_token,
    get_account,
    get_token,
    get_tokens,
    put_token,
)
from pulp_cargo.app.endpoints.write.owners import delete_owners, put_owners
from pulp_cargo.app.endpoints.write.publish import put_new
from pulp_cargo.app.endpoints.write.yank import delete_yank, put_unyank
from pulp_cargo.protocol.errors import MethodNotAllowed, NotInPast, RouteNotFound

Endpoint = Callable[..., Awaitable[web.StreamResponse]]

CRATES = "api/v1/crates"


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a path below a registry's URL; a part called `path` may contain slashes.

    `operation` is its name in the metrics (`cargo.operation`). With `reads`, it requires the right to
    read. Endpoints that write check their scopes themselves, and the pages that explain how to begin
    are public.
    """

    method: str
    path: re.Pattern[str]
    endpoint: Endpoint
    operation: str
    reads: bool = True


def _route(
    method: str, path: str, endpoint: Endpoint, operation: str, *, reads: bool = True
) -> Route:
    pattern = path.replace(".", r"\.").replace("{path}", "(?P<path>.+)")
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
    return Route(method, re.compile(pattern), endpoint, operation, reads)


ROUTES = (
    # cargo, reading
    _route("GET", "config.json", get_config, "config"),
    _route("GET", CRATES + "/{name}/{vers}/download", get_crate_file, "download"),
    _route("GET", CRATES, get_crates, "search"),
    _route("GET", CRATES + "/{name}/owners", get_owners, "owners"),
    # cargo, writing
    _route("PUT", CRATES + "/new", put_new, "publish", reads=False),
    _route("DELETE", CRATES + "/{name}/{vers}/yank", delete_yank, "yank", reads=False),
    _route("PUT", CRATES + "/{name}/{vers}/unyank", put_unyank, "unyank", reads=False),
    # tools of people
    _route("GET", CRATES + "/{name}", get_crate, "crate"),
    _route("GET", CRATES + "/{name}/owner_user", get_owner_users, "owners"),
    _route("GET", CRATES + "/{name}/owner_team", get_owner_teams, "owners"),
    _route("GET", CRATES + "/{name}/versions", get_versions, "versions"),
    _route("GET", CRATES + "/{name}/downloads", get_crate_downloads, "download_counts"),
    _route("GET", CRATES + "/{name}/{vers}/downloads", get_version_downloads, "download_counts"),
    _route("GET", CRATES + "/{name}/reverse_dependencies", get_reverse_dependencies, "dependents"),
    _route("GET", CRATES + "/{name}/{vers}", get_version, "version"),
    _route("GET", CRATES + "/{name}/{vers}/dependencies", get_dependencies, "dependencies"),
    _route("GET", CRATES + "/{name}/{vers}/readme", get_readme, "readme"),
    _route("GET", CRATES + "/{name}/{vers}/authors", get_authors, "authors"),
    _route("GET", "api/v1/keywords", get_keywords, "tags"),
    _route("GET", "api/v1/keywords/{text}", get_keyword, "tags"),
    _route("GET", "api/v1/categories", get_categories, "tags"),
    _route("GET", "api/v1/categories/{text}", get_category, "tags"),
    _route("GET", "api/v1/category_slugs", get_category_slugs, "tags"),
    _route("GET", "api/v1/summary", get_summary, "summary"),
    _route("PUT", CRATES + "/{name}/owners", put_owners, "add_owners", reads=False),
    _route("DELETE", CRATES + "/{name}/owners", delete_owners, "remove_owners", reads=False),
    # the user's account
    _route("GET", "api/v1/me", get_account, "account", reads=False),
    _route("GET", "api/v1/me/tokens", get_tokens, "tokens"),
    _route("PUT", "api/v1/me/tokens", put_token, "tokens"),
    _route("GET", "api/v1/me/tokens/{number}", get_token, "tokens"),
    _route("DELETE", "api/v1/me/tokens/{number}", delete_token, "tokens"),
    _route("DELETE", "api/v1/tokens/current", delete_current, "tokens", reads=False),
    # feed readers
    _route("GET", "rss/crates.xml", get_new_crates, "feed"),
    _route("GET", "rss/updates.xml", get_updates, "feed"),
    _route("GET", "rss/crates/{name}.xml", get_updates_of_crate, "feed"),
    # another Pulp, copying
    _route("GET", "versions.jsonl", get_listing, "listing"),
    # who verifies a registry
    _route("GET", "snapshot.json", get_snapshot, "snapshot"),
    _route("GET", "snapshot.json.asc", get_signature, "snapshot"),
    _route("GET", "snapshot.jsonl", get_lines, "snapshot"),
    # people
    _route("GET", "me", get_me, "me", reads=False),
    _route("GET", "style.css", get_style, "style", reads=False),
    _route("GET", "config.toml", get_cargo_config, "cargo_config", reads=False),
    # web pages, none of which begins like an index path (see INDEX_ROUTES)
    _route("GET", "", get_home, "page"),
    _route("GET", "search", search_pages.get_search, "page"),
    _route("GET", "crates/{name}", get_crate_page, "page"),
    _route("GET", "crates/{name}/versions", get_versions_page, "page"),
    _route("GET", "crates/{name}/refused", get_refused_page, "page"),
    _route("GET", "crates/{name}/dependents", get_dependents_page, "page"),
    _route("GET", "crates/{name}/{vers}", get_version_page, "page"),
    _route("GET", "crates/{name}/{vers}/files", get_files, "page"),
    _route("GET", "crates/{name}/{vers}/source/{path}", get_source, "page"),
    _route("GET", "crates/{name}/diff/{old}..{new}", get_diff, "page"),
    _route("GET", "changes", get_changes, "page"),
    _route("GET", "keywords/{keyword}", search_pages.get_keyword, "page"),
    _route("GET", "categories/{slug}", search_pages.get_category, "page"),
    Route(
        "GET", re.compile(r"(search|changes|(crates|keywords|categories)/.*[^/])/"), to_page, "page"
    ),
    # cargo, reading: everything that is not part of the web API
    Route("GET", re.compile(r"(?!api/)[^/]+/.+"), get_index_file, "index"),
)
# The first part of an index path has at most two letters, and that of every other route is a word, so
# an index path needs to be compared with one route only.
INDEX_ROUTES = ROUTES[-1:]
LETTERS = (1, 2)


# What a registry with upstreams serves of its state at a time: indexes tell when a version was
# published, but catalogs have what is stored now.
AT_A_TIME = frozenset({"config", "index", "download", "cargo_config", "me", "style"})


def match(cargo: CargoRequest) -> tuple[Route, dict[str, str]]:
    """Return the route of a request, and the parameters in its path.

    Raises RouteNotFound, MethodNotAllowed and NotInPast.
    """
    method = "GET" if cargo.http.method == "HEAD" else cargo.http.method
    allowed = []
    for route in INDEX_ROUTES if cargo.path.find("/") in LETTERS else ROUTES:
        found = route.path.fullmatch(cargo.path)
        if found and route.method == method:
            if cargo.registry.upstreams.until and route.operation not in AT_A_TIME:
                raise NotInPast(cargo.path)
            return route, found.groupdict()
        if found and route.method not in allowed:
            allowed += ["GET", "HEAD"] if route.method == "GET" else [route.method]
    if allowed:
        raise MethodNotAllowed(cargo.http.method, cargo.path, allowed)
    raise RouteNotFound(cargo.path)
