"""A stack with domains whose files are in S3: `default` redirects to it, `passed` passes on."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from pulp_cargo.tests.support import object_storage
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.object_storage import S3, ObjectStorage
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack, attach_with, launched

# The class of the locks that writers of a repository take.
REPOSITORY_LOCKS = 0x6361_7267


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain of the stack, as its administrator sees it."""

    rest: Rest
    name: str
    href: str

    def url(self, path: str) -> str:
        """Return where something of the REST API is in this domain."""
        return f"/pulp/{self.name}/api/v3/{path}"

    def make_registry(self, **distribution: Any) -> Registry:
        """Make a registry with a new repository."""
        name = unique("r")
        repository = self.rest.make(self.url("repositories/cargo/cargo/"), name=name)["pulp_href"]
        wanted = {"name": name, "base_path": name, "repository": repository, "allow_uploads": True}
        path = self.url("distributions/cargo/cargo/")
        made = self.rest.make(path, **(wanted | distribution))
        token = self.rest.make(self.url("cargo/tokens/"), name=name)["token"]
        return Registry(name, made["base_url"], token, made["pulp_href"], repository)


@pytest.fixture(scope="package")
def s3() -> Iterator[ObjectStorage]:
    """The storage, for all tests here."""
    with object_storage.running() as storage:
        yield storage


@pytest.fixture(scope="package")
def stack(open_directory: Path, s3: ObjectStorage) -> Iterator[Stack]:
    """A Pulp that keeps its files there."""
    environ = {"PULP_DOMAIN_ENABLED": "true", **s3.environ}
    data, arguments = open_directory / "s3", ("--content-workers=2",)
    with launched(data, *arguments, environ=environ) as running:
        said = running.ready
        rest = Rest(said["api_url"], None)
        rest.session.auth = (said["admin_user"], said["admin_password"])
        yield attach_with(said, rest)


@pytest.fixture(scope="package")
def redirected(stack: Stack) -> Domain:
    """The domain whose files are in the storage by the settings, with redirects to it."""
    (found,) = stack.rest.list("/pulp/default/api/v3/domains/", name="default")
    return Domain(stack.rest, "default", found["pulp_href"])


@pytest.fixture(scope="package")
def passed(stack: Stack, s3: ObjectStorage) -> Domain:
    """A domain with a storage of its own, whose clients never see it."""
    made = stack.rest.make(
        "/pulp/default/api/v3/domains/",
        name="passed",
        storage_class=S3,
        storage_settings={**s3.settings, "location": "passed"},
        redirect_to_object_storage=False,
    )
    return Domain(stack.rest, "passed", made["pulp_href"])


@pytest.fixture(scope="package")
def domains(redirected: Domain, passed: Domain) -> dict[str, Domain]:
    """Both, by name."""
    return {"redirected": redirected, "passed": passed}


@pytest.fixture(scope="package")
def registry(redirected: Domain) -> Registry:
    """A registry of the domain with redirects."""
    return redirected.make_registry()


def hold(connection: Any, registry: Registry) -> None:
    """Keep every writer of a registry's repository out until the connection is closed."""
    pk = registry.repository.strip("/").split("/")[-1]
    connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", [REPOSITORY_LOCKS, pk])


def fetched(answer: Answer) -> bytes:
    """Return the bytes of a download, from where it leads."""
    if answer.status == 200:
        return answer.body
    assert answer.status == 302, answer
    with urlopen(answer.headers["location"], timeout=30) as response:
        return bytes(response.read())


def must_have(registry: Registry, crate: Crate) -> None:
    """Fail unless a crate is in the index, and its file is the one with that checksum."""
    body = fetched(registry.download(crate.name, crate.vers))
    assert body == crate.packed(registry.index_url)
    assert hashlib.sha256(body).hexdigest() == registry.entry(crate.name, crate.vers)["cksum"]
