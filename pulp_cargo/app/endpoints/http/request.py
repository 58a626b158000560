"""A request to a registry: which one it names, what below it, and who is asking."""

from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.memory.memory import memory
from pulp_cargo.app.queries.registry import grants
from pulp_cargo.app.queries.registry import registry as registries
from pulp_cargo.app.queries.registry.grants import Grant
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
from pulp_cargo.rules.scopes import Scope

# Where a request has the operation of its route (see routes), once that is known.
OPERATION = "cargo.operation"


@dataclass(slots=True)
class CargoRequest:
    """What an endpoint gets; `path` is what follows the registry's URL, decoded."""

    http: web.Request
    registry: Registry
    path: str
    generation: int

    async def grant(self, *scopes: Scope, crate: str | None = None) -> Grant | None:
        """Return what the sender may do here, None for nobody; raises NotAuthenticated.

        What is remembered is believed only when it allows one of the scopes: Pulp does not tell
        of every role that it gives, but of every one that it takes.
        """
        header = self.http.headers.get("Authorization")
        if header is None:
            return None
        remembered = memory.grant(self.registry.pk, header)
        if remembered is not None and _allows(remembered, scopes, crate):
            return remembered
        generation = memory.generation
        grant = await self._judge(parse_authorization(header))
        if grant is not None:
            memory.keep_grant(self.registry.pk, header, grant, generation)
            if grant.token is not None:
                await threads.read(tokens.note_use, grant.token)
        return grant

    async def _judge(self, credential: TokenCredential | BasicCredential | None) -> Grant | None:
        """Ask the database; a token may stand as a password, as many CI tools send it."""
        match credential:
            case TokenCredential(secret):
                return await threads.read(grants.grant_of_token, self.registry, secret)
            case BasicCredential(_, password):
                by_token = grants.grant_of_token
                by_password = grants.grant_of_password
                grant = await threads.read(by_token, self.registry, password)
                return grant or await threads.hash_password(by_password, self.registry, credential)
        return None

    async def require(self, *scopes: Scope, crate: str | None = None) -> Grant:
        """Return the sender's grant if it has one of the scopes; raises what cargo shows if not."""
        grant = await self.grant(*scopes, crate=crate)
        if grant is None and "Authorization" in self.http.headers:
            raise not_known(self.registry)
        if grant is None:
            raise NotAuthenticated(
                f"this needs a valid token of the registry `{self.registry.name}`:"
                f" get one from {self.registry.login_url} and store it with `cargo login`"
            )
        if not _allows(grant, scopes, crate):
            what = f" for the crate `{crate}`" if crate else ""
            raise Forbidden(
                f"`{grant.username}` lacks the scope {' or '.join(f'`{one}`' for one in scopes)}"
                f"{what} in the registry `{self.registry.name}`, by this token or by role"
            )
        return grant

    def require_crates(self) -> None:
        """Refuse a registry that has nowhere to have crates from.

        Without its repository, which was perhaps deleted, it would look like an empty one.
        """
        if self.registry.content.version is None and not self.registry.upstreams.listed:
            raise RegistryWithoutRepository(self.registry.name)


def not_known(registry: Registry) -> NotAuthenticated:
    """Return what is said of credentials that nobody has, without telling which of it is so."""
    return NotAuthenticated(
        f"this token is not known to the registry `{registry.name}`: it was revoked, has expired, is"
        f" for another registry, or was mistyped; get one from {registry.login_url}"
    )


def _allows(grant: Grant, scopes: tuple[Scope, ...], crate: str | None) -> bool:
    return any(grant.allows(scope, crate) for scope in scopes)


async def locate(http: web.Request) -> CargoRequest:
    """Return the request with its registry; raises RegistryNotFound."""
    path = http.match_info["path"]
    domain = http.match_info.get("pulp_domain", "default")
    registry = memory.registry(domain, path)
    generation = memory.generation
    if registry is None:
        registry = await _look_up(domain, path)
        memory.keep_registry(registry, generation)
    return CargoRequest(http, registry, path[len(registry.base_path) + 1 :], generation)


async def _look_up(domain: str, path: str) -> Registry:
    # PostgreSQL refuses NUL characters, and no base path has one.
    found = None if "\0" in path else await threads.read(registries.find, domain, path)
    if found is None or not f"{path}/".startswith(f"{found.base_path}/"):
        raise RegistryNotFound(path.split("/")[0])
    return found


async def refresh(cargo: CargoRequest) -> None:
    """Look the registry up again, after its version turned out to be deleted."""
    cargo.generation = memory.generation
    cargo.registry = await _look_up(
        cargo.registry.domain.name, f"{cargo.registry.base_path}/{cargo.path}"
    )
