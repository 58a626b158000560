"""Answering requests from memory, or by a registry's routes.

The middleware is in front of Pulp's own, which look up domain and user in the process's single
database thread for every request. Only requests to registries with a content guard pass through
Pulp's, because guards need what they look up; an admission is cached for a few seconds.
"""

import asyncio
import logging
import time

from aiohttp import hdrs, web
from asgiref.sync import sync_to_async
from django.utils import timezone

from pulp_cargo.app.endpoints.front import routes
from pulp_cargo.app.endpoints.front.health import get_health
from pulp_cargo.app.endpoints.http.browser import is_browser, wants_html
from pulp_cargo.app.endpoints.http.client_timeout import BYTES_AT_ONCE, limit_pauses
from pulp_cargo.app.endpoints.http.core import authenticate
from pulp_cargo.app.endpoints.http.errors import (
    as_registry_error,
    error_response,
    http_error_response,
)
from pulp_cargo.app.endpoints.http.request import (
    OPERATION,
    CargoRequest,
    enter_past,
    locate,
    names_past,
    not_known,
)
from pulp_cargo.app.endpoints.http.responses import respond
from pulp_cargo.app.endpoints.http.style import get_root_style
from pulp_cargo.app.endpoints.memory.answer import Answer
from pulp_cargo.app.endpoints.memory.memory import Memory
from pulp_cargo.app.endpoints.pages.errors import error_page
from pulp_cargo.app.endpoints.pages.registries import get_registries
from pulp_cargo.app.endpoints.process import PROCESS
from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.models.core import with_domain
from pulp_cargo.app.queries.registry import token_scopes
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime.ttl_cache import digest_of
from pulp_cargo.protocol.errors import (
    MethodNotAllowed,
    NotAuthenticated,
    RegistryError,
    RegistryNotFound,
    UnsupportedEncoding,
    UploadsNotAllowed,
)
from pulp_cargo.rules.token_scopes import Grant, Scope

log = logging.getLogger(__name__)

# The key under which a request that is answered from memory has its operation (see telemetry).
REMEMBERED = "cargo.remembered"
# Pulp's header guard raises these for a header that is not UTF-8, that does not fit its jq filter, or
# that is too deeply nested JSON.
GUARD_REFUSALS = (PermissionError, ValueError, StopIteration, RecursionError)


async def handle_registry(request: web.Request) -> web.StreamResponse:
    """Answer a request below a registry's URL; errors have cargo's form, or are pages for browsers."""
    registry = None
    limit_pauses(request)
    try:
        if not request.match_info["path"] and is_browser(request):
            return await get_registries(request)
        _require_plain_body(request)
        cargo = await locate(request)
        registry = cargo.registry
        if names_past(cargo):
            await _enter_past(cargo)
            registry = cargo.registry
        return await _dispatch(cargo)
    except web.HTTPException as answer:
        # A redirect to the object storage, or a range outside of a file.
        return answer if answer.status < 400 else http_error_response(answer)
    except Exception as error:
        # Any error becomes a response; one that nobody expected is logged, and its details withheld.
        shown = as_registry_error(error)
        if shown is None:
            raise
        # A browser with another method has sent a form; for other errors it is a script.
        is_form = isinstance(shown, MethodNotAllowed) and wants_html(request)
        if is_form or is_browser(request):
            return error_page(shown, registry)
        return error_response(shown, registry.urls.login if registry else None)


async def _enter_past(cargo: CargoRequest) -> None:
    """Go on with the state of the past that the URL names; readers only may know which there are."""
    await _require_right_to_read(cargo)
    await enter_past(cargo)
    if cargo.http.method not in ("GET", "HEAD"):
        raise UploadsNotAllowed(cargo.registry.name, "it is an earlier state, which never changes")


def _require_plain_body(request: web.Request) -> None:
    """Raise UnsupportedEncoding for a compressed body, which is not unpacked (`content.py`)."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity") and request.body_exists:
        raise UnsupportedEncoding(encoding)


# The handlers whose requests bypass Pulp's middlewares.
OWN = (handle_registry, get_health, get_root_style)


@web.middleware
async def edge(request: web.Request, handler: routes.Endpoint) -> web.StreamResponse:
    """Answer from memory if possible; requests to our routes bypass Pulp's middlewares."""
    process = request.app[PROCESS]
    memory, target = process.memory, request.raw_path
    answer = memory.answers.get(target)
    if (
        answer
        and _is_good(answer)
        and _is_plain_read(request)
        and _may_have(memory, request, answer)
    ):
        memory.answers.move_to_end(target)
        if len(answer.body) > BYTES_AT_ONCE:
            limit_pauses(request)
        request[REMEMBERED] = answer.operation
        response = respond(request, answer)
        # A request with a range does not get here.
        if answer.download is not None and response.status == 200 and request.method == "GET":
            process.counts.note(answer.download)
        return response
    own = request.match_info.handler
    return await (own if own in OWN else handler)(request)


def _is_good(answer: Answer) -> bool:
    return answer.expires is None or answer.expires > time.monotonic()


def _is_plain_read(request: web.Request) -> bool:
    return request.method in ("GET", "HEAD") and hdrs.RANGE not in request.headers


def _may_have(memory: Memory, request: web.Request, answer: Answer) -> bool:
    return answer.private is None or _was_let_in(memory, request, answer.private)


def _was_let_in(memory: Memory, request: web.Request, registry: Registry) -> bool:
    """Whether a request with the same credentials was admitted a moment ago."""
    if registry.access.auth_required and not _is_known_reader(memory, request, registry):
        return False
    return not registry.access.guarded or memory.is_admitted(registry, request.headers)


def _is_known_reader(memory: Memory, request: web.Request, registry: Registry) -> bool:
    header = request.headers.get("Authorization")
    grant = None if header is None else memory.grant(registry.pk, header)
    # What is in memory has not expired.
    return grant is not None and Scope.READ in grant.scopes


async def _dispatch(cargo: CargoRequest) -> web.StreamResponse:
    try:
        route, names = routes.match(cargo)
    except RegistryError:
        # Clients without the right to read cannot even learn which routes do not exist.
        await _require_right_to_read(cargo)
        raise
    cargo.http[OPERATION] = route.operation
    if route.reads:
        await _require_right_to_read(cargo)
    return await route.endpoint(cargo, **names)


async def _require_right_to_read(cargo: CargoRequest) -> None:
    registry, request, memory = cargo.registry, cargo.http, cargo.process.memory
    if registry.access.is_public or _was_let_in(memory, request, registry):
        return
    async with _turn(cargo):
        if _was_let_in(memory, request, registry):
            return
        if registry.access.auth_required:
            await _require_reader(cargo)
        if registry.access.guarded:
            await _require_permission_of_guard(cargo)


def _turn(cargo: CargoRequest) -> asyncio.Lock:
    registry = cargo.registry
    reads = registry.access.guard_reads
    if reads is None:
        return asyncio.Lock()
    key = (registry.pk, digest_of(cargo.http.headers, reads))
    return cargo.process.guard_turns.setdefault(key, asyncio.Lock())


async def _require_reader(cargo: CargoRequest) -> None:
    """Raise NotAuthenticated without the right to read: always a 401, never a 403.

    Cargo asks for a token on a 401, and gives up on a 403.
    """
    grant = await cargo.grant(Scope.READ)
    if grant is None and "Authorization" in cargo.http.headers:
        raise not_known(cargo.registry)
    if grant is None or not grant.allows(Scope.READ, now=timezone.now()):
        raise NotAuthenticated(
            f"the registry `{cargo.registry.name}` is private: a token with the scope `read` is"
            f" required, from {cargo.registry.urls.login}"
        )


async def _require_permission_of_guard(cargo: CargoRequest) -> None:
    """Ask the distribution's content guard, as the user to whom the token belongs."""
    grant = await cargo.grant(Scope.READ)
    # The guard checks the rights of the user; the scope of the token is checked here.
    if grant is not None and Scope.READ not in grant.asked:
        grant = None

    async def ask(request: web.Request) -> web.StreamResponse:
        # No message is sent when a user who was authenticated by other means loses a right.
        is_ours = grant is not None or not request["user"].is_authenticated
        await sync_to_async(_ask_guard)(cargo, grant)
        if is_ours:
            seconds = token_scopes.seconds_left(grant)
            memory = cargo.process.memory
            memory.remember_admitted(cargo.registry, request.headers, seconds, cargo.generation)
        return web.Response()

    await authenticate(cargo.http, ask)


def _ask_guard(cargo: CargoRequest, grant: Grant | None) -> None:
    request, registry = cargo.http, cargo.registry
    if grant is not None:
        request["user"] = request["drf_request"].user = token_scopes.user_of(grant)
    with with_domain(registry.domain):
        distribution = CargoDistribution.objects.filter(pk=registry.pk).first()
        if distribution is None:
            raise RegistryNotFound(registry.base_path)
        guard = distribution.content_guard
        try:
            if guard is not None:
                guard.cast().permit(request)
        except GUARD_REFUSALS as error:
            raise NotAuthenticated(
                f"the registry `{registry.name}` is guarded by `{guard.name}`, which does not allow"
                " this request"
            ) from error
