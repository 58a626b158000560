"""Answers that are remembered, and how they meet `If-None-Match` and `Accept-Encoding`.

Cargo sends one validator and gets 304 for it (Cargo Book, "Sparse Protocol", "Caching"); the
tag of the compressed form is another one, as HTTP wants it of strong tags (RFC 9110, 8.8.3).
"""

from collections.abc import Mapping
from functools import lru_cache

from aiohttp import web

from pulp_cargo.app.endpoints.memory import Answer, memory
from pulp_cargo.app.endpoints.request import CargoRequest


def remember(
    cargo: CargoRequest,
    body: bytes,
    *,
    etag: str,
    headers: Mapping[str, str],
    gzipped: bytes | None = None,
    crate: str | None = None,
) -> web.StreamResponse:
    """Answer with these bytes, and keep them for the next who asks for the same target."""
    registry = cargo.registry
    varies = ["Accept-Encoding"] * (gzipped is not None) + ["Authorization"] * (
        not registry.is_public
    )
    answer = Answer(
        repository=registry.repository,
        crate=crate,
        private=None if registry.is_public else registry.pk,
        body=body,
        gzipped=gzipped,
        etag=etag,
        headers=(*headers.items(), *((("Vary", ", ".join(varies)),) if varies else ())),
    )
    # One target for each answer: no queries, no other ways to write the same path.
    if not registry.guarded and cargo.http.raw_path == cargo.http.path:
        memory.keep_answer(cargo.http.raw_path, answer, cargo.generation)
    return respond(cargo.http, answer)


def revalidated(cargo: CargoRequest) -> str:
    """The Cache-Control of what may change: cargo must see a publish at once; asking costs a 304."""
    return "no-cache" if cargo.registry.is_public else "private, no-cache"


def respond(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Send an answer in the form that the request allows."""
    headers = request.headers
    gzipped = answer.gzipped is not None and _takes_gzip(headers.get("Accept-Encoding", ""))
    etag = f'{answer.etag[:-1]}-gzip"' if gzipped else answer.etag
    wanted = headers.get("If-None-Match")
    if wanted is not None and _matches(wanted, answer.etag):
        kept = [header for header in answer.headers if header[0] != "Content-Type"]
        return web.Response(status=304, headers=[("ETag", etag), *kept])
    body = answer.gzipped if gzipped else answer.body
    sent = [("ETag", etag), *answer.headers]
    if gzipped:
        sent.append(("Content-Encoding", "gzip"))
    return web.Response(body=body, headers=sent)


@lru_cache(maxsize=256)
def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows gzip: a weight of 0 refuses (RFC 9110, 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name in ("gzip", "x-gzip"):
            return weight.strip("0.") != "" or not weight
    return False


def _matches(wanted: str, etag: str) -> bool:
    """Compare weakly, as RFC 9110 has it for If-None-Match: lists, `*` and `W/` included."""
    if wanted == etag:
        return True
    tags = (tag.strip().removeprefix("W/") for tag in wanted.split(","))
    return any(tag == "*" or tag.replace('-gzip"', '"') == etag for tag in tags)
