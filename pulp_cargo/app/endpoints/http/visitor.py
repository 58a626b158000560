"""Who reads pages: users may see more than strangers, but nobody is refused a public page."""

from aiohttp import web
from django.utils import timezone

from pulp_cargo.app.endpoints.http.request import CargoRequest
from pulp_cargo.app.endpoints.process import PROCESS
from pulp_cargo.app.queries.registry import token_scopes
from pulp_cargo.app.queries.registry.token_scopes import Visitor
from pulp_cargo.app.runtime import threads
from pulp_cargo.protocol.auth import BasicCredential, TokenCredential, parse_authorization
from pulp_cargo.protocol.errors import NotAuthenticated
from pulp_cargo.rules.token_scopes import Scope, is_expired


async def is_user(cargo: CargoRequest) -> bool:
    """Return whether a request to a registry has the credentials of a user of this Pulp."""
    try:
        return await cargo.grant(*Scope) is not None
    except NotAuthenticated:
        # A header of another form, such as of a proxy, which reads of public registries ignore.
        return False


async def visitor_of(request: web.Request, domain: str) -> Visitor | None:
    """Return who reads the list of a domain's registries, None for strangers."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    memory = request.app[PROCESS].memory
    found, generation = memory.visitor(domain, header), memory.generation
    if found is None:
        found = await _look_up(header, domain)
        if found is not None:
            memory.remember_visitor(domain, header, found, generation)
    if found is None or is_expired(found.expires_at, timezone.now()):
        return None
    return found


async def _look_up(header: str, domain: str) -> Visitor | None:
    try:
        credential = parse_authorization(header)
    except NotAuthenticated:
        return None
    match credential:
        case TokenCredential(secret):
            return await threads.read(token_scopes.visitor_of_token, domain, secret)
        case BasicCredential(_, password):
            # A token can stand as the password, as for the pages of a registry.
            by_token = await threads.read(token_scopes.visitor_of_token, domain, password)
            by_password = token_scopes.visitor_of_password
            return by_token or await threads.check_password(by_password, credential)
    return None
