"""Cached responses, and their handling of `If-None-Match`, `Accept-Encoding` and `Range`.

Cargo sends one validator and gets 304 for it (Cargo Book, "Sparse Protocol", "Caching"). The entity
tag of the compressed form is different, as HTTP requires of strong tags (RFC 9110, 8.8.3).
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from aiohttp import hdrs, web
from multidict import istr

from pulp_cargo.app.endpoints.http.request import OPERATION, CargoRequest
from pulp_cargo.app.endpoints.memory.answer import Answer
from pulp_cargo.app.queries.registry.registry import ReadAccess
from pulp_cargo.app.services.statistics.download_counts import Download
from pulp_cargo.protocol.auth import CREDENTIAL
from pulp_cargo.protocol.entity_tags import listed_tags

# Headers of a body, which a 304 does not have.
OF_BODY = frozenset({"Content-Type", "Content-Encoding"})
NO_BYTES = re.compile(r"bytes=-0+", re.IGNORECASE)
RANGE_CONDITIONS = (
    "If-Range",
    "If-None-Match",
    "If-Modified-Since",
    "If-Match",
    "If-Unmodified-Since",
)


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
    """Respond with these bytes, and cache them for further requests for the same target.

    They are valid until a message about their crate arrives, and for at most `fresh_for` seconds,
    without limit if that is None. `download` is counted for every later response; the caller counts
    this one.
    """
    registry = cargo.registry
    # The content of a repository version never changes, whatever is published.
    is_fixed = registry.past is not None and not registry.upstreams.listed
    vary = varies(registry.access, has_forms=gzipped is not None)
    answer = Answer(
        repositories=registry.upstreams.repositories,
        crate=None if is_fixed else crate,
        private=None if registry.access.is_public else registry,
        body=body,
        gzipped=gzipped,
        etag=etag,
        headers=tuple((_header(name), value) for name, value in {**headers, **vary}.items()),
        operation=cargo.http[OPERATION],
        expires=None if fresh_for is None else time.monotonic() + fresh_for,
        download=download,
        past=registry.past is not None,
    )
    # One target per response: no query strings, no other spellings of the same path.
    is_plain = cargo.http.raw_path == cargo.http.path
    if registry.access.guard_reads is not None and is_plain and fresh_for != 0:
        cargo.process.memory.remember_answer(cargo.http.raw_path, answer, cargo.generation)
    return respond(cargo.http, answer)


def varies(access: ReadAccess, *, has_forms: bool = False) -> dict[str, str]:
    """Return the Vary header: the request headers on which the response depends (RFC 9110, 12.5.5).

    It is `*` for an unknown guard, which may read anything, even the client's address.
    """
    if access.guard_reads is None:
        return {"Vary": "*"}
    names = [CREDENTIAL] * (not access.is_public) + sorted(access.guard_reads - {CREDENTIAL})
    names = ["Accept-Encoding"] * has_forms + [name.title() for name in names]
    return {"Vary": ", ".join(names)} if names else {}


def revalidated(cargo: CargoRequest) -> str:
    """The Cache-Control of a resource that may change: cargo must see a publish at once."""
    return "no-cache" if cargo.registry.access.is_public else "private, no-cache"


def json_response(cargo: CargoRequest, body: bytes) -> web.Response:
    """Return a response in JSON, for the readers of the registry."""
    return web.Response(
        body=body, content_type="application/json", headers=headers_for_readers(cargo)
    )


def headers_for_readers(cargo: CargoRequest) -> dict[str, str]:
    """Return what tells caches who may have a response that changes with the registry."""
    return {"Cache-Control": revalidated(cargo), **varies(cargo.registry.access)}


def respond(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Return a response in the encoding that the request accepts, or 304."""
    # The names of headers are `istr` here, since others are converted to lower case every time.
    accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "")
    gzipped = answer.gzipped is not None and takes_gzip(accepted)
    etag = f'{answer.etag[:-1]}-gzip"' if gzipped else answer.etag
    if matches(request, answer.etag):
        others = [header for header in answer.headers if header[0] != hdrs.CONTENT_TYPE]
        return web.Response(status=304, headers=[(hdrs.ETAG, etag), *others])
    body = answer.gzipped if gzipped else answer.body
    sent = [(hdrs.ETAG, etag), *answer.headers]
    if gzipped:
        sent.append((hdrs.CONTENT_ENCODING, "gzip"))
    return web.Response(body=body, headers=sent)


def part_of(
    request: web.Request, content: bytes, etag: str, headers: Mapping[str, str]
) -> web.Response | None:
    """Return the requested range, None if the whole file is to be sent (RFC 9110, 14)."""
    if "Range" not in request.headers or request.headers.get("If-Range", etag) != etag:
        return None
    try:
        start, stop, _ = request.http_range.indices(len(content))
    except ValueError:
        return None
    if start >= stop or NO_BYTES.fullmatch(request.headers["Range"]):
        raise _not_satisfiable(len(content))
    place = {"ETag": etag, "Content-Range": f"bytes {start}-{stop - 1}/{len(content)}"}
    return web.Response(status=206, body=content[start:stop], headers={**headers, **place})


def require_any_byte(request: web.Request, size: int | None) -> None:
    """Raise 416 for the last 0 bytes of a file (RFC 9110, 14.1.2), whose size may be unknown.

    aiohttp and core take them for all bytes. A condition may allow another response.
    """
    wanted = request.headers.get("Range")
    if wanted is None or request.method != "GET" or not NO_BYTES.fullmatch(wanted):
        return
    if not any(name in request.headers for name in RANGE_CONDITIONS):
        raise _not_satisfiable(size)


def _not_satisfiable(size: int | None) -> web.HTTPRequestRangeNotSatisfiable:
    whole = {} if size is None else {"Content-Range": f"bytes */{size}"}
    return web.HTTPRequestRangeNotSatisfiable(headers=whole)


def cut_off(request: web.BaseRequest) -> None:
    """Abort the connection, so that the client does not take a part for the whole."""
    if request.transport is not None:
        request.transport.abort()


@contextmanager
def complete_or_cut_off(request: web.Request, response: web.StreamResponse) -> Iterator[None]:
    """Abort the connection if sending a response fails; raises ConnectionAbortedError.

    An error before the response has begun is raised as it is.
    """
    try:
        yield
    except Exception as error:
        # Any error: a response that has begun can neither be replaced nor end as if it were complete.
        if not response.prepared:
            raise
        cut_off(request)
        raise ConnectionAbortedError from error


@lru_cache(maxsize=256)
def _header(name: str) -> istr:
    """Return the name of a header, which all cached responses share."""
    return istr(name)


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding allows gzip, with a weight above 0 (RFC 9110, 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.replace(" ", "").partition(";q=")
        if name in ("gzip", "x-gzip"):
            return weight.strip("0.") != "" or not weight
    return False


def not_modified(
    request: web.Request, etag: str, headers: Mapping[str, str]
) -> web.Response | None:
    """Return a 304 with these headers if the client has what an entity tag stands for."""
    if not matches(request, etag):
        return None
    others = {name: value for name, value in headers.items() if name not in OF_BODY}
    return web.Response(status=304, headers={**others, "ETag": etag})


def matches(request: web.Request, etag: str) -> bool:
    """Whether If-None-Match has an entity tag, by weak comparison (RFC 9110, 13.1.2).

    The tag of the compressed form matches as well.
    """
    wanted = request.headers.get(hdrs.IF_NONE_MATCH)
    # Nearly all clients send one tag or none.
    if wanted is None or wanted in (etag, "*"):
        return wanted is not None
    # aiohttp's property stops at empty elements, and does not distinguish `*` from the tag `"*"`.
    return any(tag.removesuffix("-gzip") == etag[1:-1] for tag in listed_tags(wanted))
