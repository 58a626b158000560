"""Answers that are remembered, and how they meet `If-None-Match` and `Accept-Encoding`.

Cargo sends one validator and gets 304 for it (Cargo Book, "Sparse Protocol", "Caching"); the
tag of the compressed form is another one, as HTTP wants it of strong tags (RFC 9110, 8.8.3).
"""

import time
from collections.abc import Mapping
from functools import lru_cache

from aiohttp import web

from pulp_cargo.app.endpoints.http.request import OPERATION, CargoRequest
from pulp_cargo.app.endpoints.memory.answer import Answer
from pulp_cargo.app.endpoints.memory.memory import memory
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.services.statistics.download_counts import Download
from pulp_cargo.protocol.auth import CREDENTIAL


def remember(
    cargo: CargoRequest,
    body: bytes,
    *,
    etag: str,
    headers: Mapping[str, str],
    gzipped: bytes | None = None,
    crate: str | None = None,
    fresh_for: float | None = None,
    download: Download | None = None,
) -> web.StreamResponse:
    """Answer with these bytes, and keep them for the next who asks for the same target.

    `fresh_for` are the seconds for which they are true without a notice to the contrary, None for
    ever. `download` is counted for every later response; the caller counts this one.
    """
    registry = cargo.registry
    answer = Answer(
        repositories=registry.repositories,
        crate=crate,
        private=None if registry.is_public else registry,
        body=body,
        gzipped=gzipped,
        etag=etag,
        headers=tuple({**headers, **varies(registry, has_forms=gzipped is not None)}.items()),
        operation=cargo.http[OPERATION],
        expires=None if fresh_for is None else time.monotonic() + fresh_for,
        download=download,
    )
    # One target for each answer: no queries, no other ways to write the same path.
    is_plain = cargo.http.raw_path == cargo.http.path
    if registry.guard_reads is not None and is_plain and fresh_for != 0:
        memory.keep_answer(cargo.http.raw_path, answer, cargo.generation)
    return respond(cargo.http, answer)


def varies(registry: Registry, *, has_forms: bool = False) -> dict[str, str]:
    """Return what tells caches which other request may have this answer (RFC 9110, 12.5.5).

    A guard that we do not know may look at anything, the client's address included: that is `*`.
    """
    if registry.guard_reads is None:
        return {"Vary": "*"}
    names = [CREDENTIAL] * (not registry.is_public) + sorted(registry.guard_reads - {CREDENTIAL})
    names = ["Accept-Encoding"] * has_forms + [name.title() for name in names]
    return {"Vary": ", ".join(names)} if names else {}


def revalidated(cargo: CargoRequest) -> str:
    """The Cache-Control of what may change: cargo must see a publish at once; asking costs a 304."""
    return "no-cache" if cargo.registry.is_public else "private, no-cache"


def respond(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Send an answer in the form that the request allows."""
    headers = request.headers
    gzipped = answer.gzipped is not None and takes_gzip(headers.get("Accept-Encoding", ""))
    etag = f'{answer.etag[:-1]}-gzip"' if gzipped else answer.etag
    if matches(request, answer.etag):
        kept = [header for header in answer.headers if header[0] != "Content-Type"]
        return web.Response(status=304, headers=[("ETag", etag), *kept])
    body = answer.gzipped if gzipped else answer.body
    sent = [("ETag", etag), *answer.headers]
    if gzipped:
        sent.append(("Content-Encoding", "gzip"))
    return web.Response(body=body, headers=sent)


def cut_off(request: web.Request) -> None:
    """Close the connection so that the client notices: a part must not look like the whole."""
    if request.transport is not None:
        request.transport.abort()


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows gzip: a weight of 0 refuses (RFC 9110, 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name in ("gzip", "x-gzip"):
            return weight.strip("0.") != "" or not weight
    return False


def matches(request: web.Request, etag: str) -> bool:
    """Return whether If-None-Match names a tag, by the weak comparison (RFC 9110, 13.1.2).

    The tag of the compressed form counts as well. A list ends for us where it is malformed.
    """
    wanted = request.headers.get("If-None-Match")
    # Nearly all send one tag or none. To aiohttp `*` is the same as `"*"`, which is a tag.
    if wanted is None or wanted in (etag, "*"):
        return wanted is not None
    tags = request.if_none_match or ()
    return any(tag.value.removesuffix("-gzip") == etag[1:-1] for tag in tags)
