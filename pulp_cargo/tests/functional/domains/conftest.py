"""A stack with Pulp's domains enabled, since the setting holds for a whole Pulp."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import ALL_SCOPES, Stack, attach_with, launched

FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"


class DomainRest(Rest):
    """Pulp's REST API below the root of one domain."""

    def __init__(self, origin: str, auth: tuple[str, str] | None, domain: str) -> None:
        self.domain = domain
        super().__init__(origin, auth)

    def seen_by(self, auth: tuple[str, str] | None, domain: str) -> "DomainRest":
        """Return the API of a domain of this Pulp for somebody."""
        seen = DomainRest(self.origin, auth, domain)
        seen.state_of = self.state_of
        return seen

    def url(self, path: str) -> str:
        """Return the URL of an href, or of a path below the domain's root."""
        return super().url(path if path.startswith("/") else f"/pulp/{self.domain}/api/v3/{path}")


@dataclass(frozen=True, slots=True)
class Side:
    """A domain, and in it a registry `my-crates`, as in the other domain."""

    rest: DomainRest
    registry: Registry

    @property
    def name(self) -> str:
        """The domain's name."""
        return self.rest.domain

    def make_registry(self, **fields: Any) -> Registry:
        """Make a registry with a repository of its name; the administrator's token opens it."""
        name = fields.pop("name", None) or unique("r")
        repository = self.rest.make("repositories/cargo/cargo/", name=name)["pulp_href"]
        wanted = {"name": name, "base_path": name, "allow_uploads": True, "repository": repository}
        made = self.rest.make("distributions/cargo/cargo/", **(wanted | fields))
        return Registry(name, made["base_url"], self.token(), made["pulp_href"], repository)

    def token(self, **fields: Any) -> str:
        """Make a token, by default for everything."""
        wanted = {"name": unique("t"), "scopes": ALL_SCOPES, **fields}
        return str(self.rest.make("cargo/tokens/", **wanted)["token"])

    def new_user(self, *roles: str) -> DomainRest:
        """Make a user with roles in this domain only."""
        name = unique("user")
        user = self.rest.make("users/", username=name, password=name)["pulp_href"]
        (domain,) = self.rest.list("/pulp/default/api/v3/domains/", name=self.name)
        for role in roles:
            fields = {"role": role, "domain": domain["pulp_href"], "content_object": None}
            self.rest.post(f"{user}roles/", **fields)
        return self.rest.seen_by((name, name), self.name)


@dataclass(frozen=True, slots=True)
class Domains:
    """Two domains of a stack, and where the files of the second are."""

    stack: Stack
    default: Side
    other: Side
    media: Path

    @property
    def sides(self) -> tuple[tuple[Side, Side], tuple[Side, Side]]:
        """Each domain, with the one that must know nothing of it."""
        return (self.default, self.other), (self.other, self.default)


@pytest.fixture(scope="package")
def domains(open_directory: Path) -> Iterator[Domains]:
    """One stack for all tests here."""
    media = open_directory / "other-media"
    environ = {"PULP_DOMAIN_ENABLED": "true"}
    with launched(open_directory / "domains", environ=environ) as running:
        said = running.ready
        admin = (said["admin_user"], said["admin_password"])
        default = DomainRest(said["api_url"], admin, "default")
        stack = attach_with(said, default)
        first = default.list("distributions/cargo/cargo/", name="my-crates")[0]
        registry = Registry(
            "my-crates",
            said["index_url"],
            said["token"],
            first["pulp_href"],
            first["repository"],
        )
        yield Domains(stack, Side(default, registry), _other(default, admin, media), media)


def _other(default: DomainRest, admin: tuple[str, str], media: Path) -> Side:
    storage = {"MEDIA_ROOT": str(media)}
    default.make("domains/", name="other", storage_class=FILE_SYSTEM, storage_settings=storage)
    side = Side(default.seen_by(admin, "other"), Registry("", "", None))
    return Side(side.rest, side.make_registry(name="my-crates"))
