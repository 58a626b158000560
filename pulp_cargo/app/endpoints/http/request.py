"""A request to a registry: the registry, the path below it, and the grant of the sender."""

from dataclasses import dataclass

from aiohttp import web
from django.utils import timezone

from pulp_cargo.app.endpoints.process import PROCESS, ContentProcess
from pulp_cargo.app.queries.registry import registry as registries
from pulp_cargo.app.queries.registry import token_scopes
from pulp_cargo.app.queries.registry.past import past_registry
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.services import tokens
from pulp_cargo.protocol.auth import BasicCredential, TokenCredential, parse_authorization
from pulp_cargo.protocol.errors import (
    Forbidden,
    NotAuthenticated,
    RegistryNotFound,
    RegistryWithoutRepository,
)
from pulp_cargo.rules.moments import parse_moment
from pulp_cargo.rules.token_scopes import Grant, Scope

# The key under which a request has the operation of its route, once that is known (see routes).
OPERATION = "cargo.operation"


@dataclass(slots=True)
class CargoRequest:
    """The argument of an endpoint; `path` is the decoded path below the registry's URL.

    `generation` is that of the memory when the registry was looked up.
    """

    http: web.Request
    process: ContentProcess
    registry: Registry
    path: str
    generation: int

    async def grant(self, *scopes: Scope, crate: str | None = None) -> Grant | None:
        """Return the sender's grant, None without a valid credential; raises NotAuthenticated.

        A cached grant is used only if it allows one of the scopes: Pulp sends a message for every
        role that is removed, but not for every one that is added.
        """
        header = self.http.headers.get("Authorization")
        if header is None:
            return None
        remembered = self.process.memory.grant(self.registry.pk, header)
        if remembered is not None and _allows(remembered, scopes, crate):
            return remembered
        return await self.look_up_grant(header)

    async def look_up_grant(self, header: str) -> Grant | None:
        """Return what an Authorization header may do here by the database, and remember it."""
        memory = self.process.memory
        generation = memory.generation
        grant = await self._grant_of(parse_authorization(header))
        if grant is not None:
            memory.remember_grant(self.registry.pk, header, grant, generation)
            if grant.token is not None:
                await threads.read(tokens.note_use, grant.token)
        return grant

    async def _grant_of(self, credential: TokenCredential | BasicCredential | None) -> Grant | None:
        """Query the database; many CI tools send a token as the password."""
        match credential:
            case TokenCredential(secret):
                return await threads.read(token_scopes.grant_of_token, self.registry, secret)
            case BasicCredential(_, password):
                by_token = token_scopes.grant_of_token
                by_password = token_scopes.grant_of_password
                grant = await threads.read(by_token, self.registry, password)
                return grant or await threads.check_password(by_password, self.registry, credential)
        return None

    async def require(self, *scopes: Scope, crate: str | None = None) -> Grant:
        """Return the sender's grant if it has one of the scopes; raises the error for cargo if not."""
        grant = await self.grant(*scopes, crate=crate)
        if grant is None and "Authorization" in self.http.headers:
            raise not_known(self.registry)
        if grant is None:
            raise NotAuthenticated(
                f"a valid token is required for the registry `{self.registry.name}`: get one from"
                f" {self.registry.urls.login} and store it with `cargo login`"
            )
        if not _allows(grant, scopes, crate):
            what = f" for the crate `{crate}`" if crate else ""
            raise Forbidden(
                f"`{grant.username}` lacks the scope"
                f" {' or '.join(f'`{one}`' for one in scopes)}{what} in the registry"
                f" `{self.registry.name}`: check the scopes of the token and the roles of the user"
            )
        return grant

    def require_crates(self) -> None:
        """Raise RegistryWithoutRepository for a registry with neither repository nor upstreams.

        If its repository was deleted, it would look like an empty registry otherwise.
        """
        if self.registry.content.version is None and not self.registry.upstreams.listed:
            raise RegistryWithoutRepository(self.registry.name)


def not_known(registry: Registry) -> NotAuthenticated:
    """Return the error for an unknown credential, which does not reveal the reason."""
    return NotAuthenticated(
        f"the registry `{registry.name}` does not accept this token: it was revoked, has expired,"
        f" is for another registry, or was mistyped; get one from {registry.urls.login}"
    )


def _allows(grant: Grant, scopes: tuple[Scope, ...], crate: str | None) -> bool:
    now = timezone.now()
    return any(grant.allows(scope, crate, now=now) for scope in scopes)


async def locate(http: web.Request) -> CargoRequest:
    """Return the request with its registry; raises RegistryNotFound."""
    process = http.app[PROCESS]
    memory, path = process.memory, http.match_info["path"]
    domain = http.match_info.get("pulp_domain", "default")
    registry = memory.registry(domain, path)
    generation = memory.generation
    if registry is None:
        registry = await _look_up(domain, path)
        memory.remember_registry(registry, generation)
    return CargoRequest(http, process, registry, path[len(registry.base_path) + 1 :], generation)


async def _look_up(domain: str, path: str) -> Registry:
    # PostgreSQL refuses NUL characters; no base path has one, but what follows it may.
    found = await threads.read(registries.find, domain, path.partition("\0")[0])
    if found is None or not f"{path}/".startswith(f"{found.base_path}/"):
        raise RegistryNotFound(path.split("/")[0])
    return found


def names_past(cargo: CargoRequest) -> bool:
    """Whether the path begins with a state of the past, such as `@42`."""
    return cargo.path.startswith("@")


async def enter_past(cargo: CargoRequest) -> None:
    """Replace the registry by the state of it that the path names, and the path by the rest of it.

    The caller has checked the right to read: the messages tell which versions there are. Raises
    InvalidMoment, NotFound and Gone.
    """
    text, _, path = cargo.path[1:].partition("/")
    memory = cargo.process.memory
    found = memory.past(cargo.registry, text)
    if found is None:
        found = await threads.read(past_registry, cargo.registry, text, parse_moment(text))
        memory.remember_past(found, cargo.generation)
    cargo.registry, cargo.path = found, path


async def refresh(cargo: CargoRequest) -> None:
    """Look the registry up again, after its version turned out to be deleted.

    Raises Gone for a state of the past.
    """
    cargo.generation = cargo.process.memory.generation
    past = cargo.registry.past
    registry = await _look_up(
        cargo.registry.domain.name, f"{cargo.registry.base_path}/{cargo.path}"
    )
    if past is not None:
        registry = await threads.read(past_registry, registry, past.text, parse_moment(past.text))
    cargo.registry = registry
