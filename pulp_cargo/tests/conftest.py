"""What the functional tests share: one running stack, a registry in it, names never used before."""

import gc
import secrets
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from pulp_cargo.tests.support import run
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack, shared
from pulp_cargo.tests.support.traces import nothing_stored

# By default, an example fails after 200 ms, and a test if its examples are made slowly: a busy machine
# would decide.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any-machine")


class NothingStored(Protocol):
    """Makes a context in which nothing may be stored."""

    def __call__(self, registry: Registry, name: str) -> AbstractContextManager[None]:
        """Watch a registry and one of its crates."""


class Refuse(Protocol):
    """Publishes a crate that must be refused."""

    def __call__(self, registry: Registry, crate: Crate) -> str:
        """Return the sentence of the 400; nothing may be stored."""


def pytest_collection() -> None:
    """Look for no garbage while thousands of tests are made, which stay."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Leave the tests and their modules, which stay, out of all later collections of garbage."""
    gc.enable()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def open_directory() -> Path:
    """A directory that PostgreSQL's account can get to (pytest's own are closed to others)."""
    directory = Path(tempfile.mkdtemp(prefix="", dir=run.directory()))
    directory.chmod(0o755)
    return directory


@pytest.fixture(scope="session")
def stack() -> Stack:
    """A running Pulp with a first registry, for all tests that leave it running."""
    return shared()


@pytest.fixture(scope="session")
def registry(stack: Stack) -> Registry:
    """A registry of this process's tests; share it by using names of your own."""
    return stack.make_registry()


@pytest.fixture
def name() -> str:
    """A crate name that nobody has used."""
    return f"x{secrets.token_hex(5)}"


@pytest.fixture
def nothing(stack: Stack) -> NothingStored:
    """`with nothing(registry, name):` fails if anything is stored meanwhile."""
    return lambda registry, name: nothing_stored(stack, registry, name)


@pytest.fixture
def refuse(nothing: NothingStored) -> Refuse:
    """`refuse(registry, crate)` returns why a crate cannot be published."""

    def send(registry: Registry, crate: Crate) -> str:
        with nothing(registry, crate.name):
            answer = registry.send(crate)
            assert answer.status == 400, answer
            return answer.detail

    return send
