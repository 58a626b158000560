"""Search (Cargo Book, Registry Web API, "Search"; crates.io's `GET /api/v1/crates`)."""

from aiohttp import web

from pulp_cargo.app.endpoints.http.queries import asked, parameters_of
from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.http.responses import json_response
from pulp_cargo.app.services.catalog.find import find
from pulp_cargo.protocol.web_api.crates import search_body
from pulp_cargo.protocol.web_api.search import parse_search


async def get_crates(cargo: CargoRequest) -> web.Response:
    """`GET /crates`: a page of the matching crates, also of those that only upstreams have."""
    answers, target = cargo.process.search_answers, cargo.http.rel_url.raw_query_string
    body = answers.get(cargo.registry, target)
    if body is None:
        parameters = parameters_of(cargo)
        query = parse_search(parameters)
        hits = await cargo.process.services.searches.ask(cargo.registry, query)
        total, crates = await asked(cargo, find, query, hits)
        body = search_body(crates, total, query.paging, parameters)
        # What upstreams find is remembered on its own, and their crates do not depend on ours alone.
        if not hits:
            answers.put(cargo.registry, target, body)
    return json_response(cargo, body)
