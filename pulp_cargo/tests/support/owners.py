"""A registry whose crates have owners, and users with tokens for it."""

import json
from dataclasses import dataclass
from typing import Any

from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.stack import Stack

PUBLISHER = "cargo.cargodistribution_publisher"


@dataclass(frozen=True, slots=True)
class Person:
    """A user, with a token that has all scopes."""

    login: str
    token: str
    rest: Rest


@dataclass(frozen=True, slots=True)
class OwnedRegistry:
    """A registry of which the repository has `crate_owners`."""

    stack: Stack
    registry: Registry

    def person(self, *, role: str = PUBLISHER, group: str | None = None) -> Person:
        """Create a user with a role on the registry, in a group."""
        rest = self.stack.rest.new_user(role, on=self.registry.href)
        assert rest.auth is not None
        login = rest.auth[0]
        if group is not None:
            (found,) = self.stack.rest.list("groups/", name=group)
            self.stack.rest.post(f"{found['pulp_href']}users/", username=login)
        return Person(login, self.stack.make_token(user=login), rest)

    def owners(self, crate: str, **kind: Any) -> Answer:
        """Request the owners of a crate."""
        return self.registry.api("GET", f"crates/{crate}/owners", **kind)

    def logins(self, crate: str) -> list[str]:
        """Return the logins of the owners of a crate."""
        answer = self.owners(crate)
        assert answer.status == 200, answer
        return [one["login"] for one in answer.json()["users"]]

    def change(self, method: str, crate: str, *logins: str, **kind: Any) -> Answer:
        """Add (PUT) or remove (DELETE) owners as cargo does it."""
        body = json.dumps({"users": logins}).encode()
        headers = {"Content-Type": "application/json"}
        return self.registry.api(method, f"crates/{crate}/owners", body, headers=headers, **kind)


def owned_registry(stack: Stack, **distribution: Any) -> OwnedRegistry:
    """Create a registry whose crates have owners."""
    made = stack.make_registry(repository={"crate_owners": True}, **distribution)
    return OwnedRegistry(stack, made)
