"""A request to a registry: which one it names, what below it, and who is asking."""

from dataclasses import dataclass

from aiohttp import web

from pulp_cargo.app.endpoints.memory import memory
from pulp_cargo.app.queries import principals, registries
from pulp_cargo.app.queries.membership import VersionGone
from pulp_cargo.app.queries.principals import Grant
from pulp_cargo.app.queries.registries import Registry
from pulp_cargo.app.services import threads, tokens
from pulp_cargo.protocol.auth import parse_authorization
from pulp_cargo.protocol.errors import Forbidden, NotAuthenticated, RegistryNotFound
from pulp_cargo.rules.scopes import Scope


@dataclass(slots=True)
class CargoRequest:
    """What an endpoint gets; `path` is what follows the registry's URL, decoded."""

    http: web.Request
    registry: Registry
    path: str
    generation: int

    async def grant(self) -> Grant | None:
        """Return what the sender may do here, None for nobody; raises NotAuthenticated."""
        header = self.http.headers.get("Authorization")
        if header is None:
            return None
        grant, known = memory.grant(self.registry.pk, header)
        if known:
            return grant
        generation = memory.generation
        credential = parse_authorization(header)
        grant = await threads.read(principals.grant_of, self.registry, credential)
        memory.keep_grant(self.registry.pk, header, grant, generation)
        if grant is not None and grant.token is not None:
            await threads.read(tokens.note_use, grant.token)
        return grant

    async def require(self, *scopes: Scope, crate: str | None = None) -> Grant:
        """Return the sender's grant if it has one of the scopes; raises what cargo shows if not."""
        grant = await self.grant()
        if grant is None:
            raise NotAuthenticated(
                f"this needs a valid token of the registry `{self.registry.name}`:"
                f" get one from {self.registry.login_url} and store it with `cargo login`"
            )
        if not any(grant.allows(scope, crate) for scope in scopes):
            what = f" for the crate `{crate}`" if crate else ""
            raise Forbidden(
                f"`{grant.username}` lacks the scope `{scopes[0]}`{what}"
                f" in the registry `{self.registry.name}`, by this token or by role"
            )
        return grant


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
    if found is None or not path.startswith(f"{found.base_path}/"):
        raise RegistryNotFound(path.split("/")[0])
    return found


async def refresh(cargo: CargoRequest) -> None:
    """Look the registry up again, after its version turned out to be deleted."""
    cargo.generation = memory.generation
    cargo.registry = await _look_up(
        cargo.registry.domain.name, f"{cargo.registry.base_path}/{cargo.path}"
    )


__all__ = ["CargoRequest", "VersionGone", "locate", "refresh"]
