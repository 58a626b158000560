"""Registries that ask for a token on reads, and `cargo login` (Cargo Book, "Registry Authentication")."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.cargo


@pytest.fixture(scope="module")
def private(stack: Stack) -> Registry:
    """A registry that asks for a token, with the crate `secret` in it."""
    registry = stack.make_registry(auth_required=True)
    registry.publish(Crate("secret"))
    return registry


def _app(cargo: Cargo, folder: Path) -> Project:
    return cargo.package(folder, "app", deps=['secret = { version = "1", registry = "mine" }'])


def test_build_and_publish_with_a_credential_provider(private: Registry, name: str, tmp_path: Path):
    """The token in credentials.toml, and the provider that cargo insists on [2, 48, 112]."""
    cargo = Cargo(tmp_path / "home", {"mine": private}, provider=True).configure()
    _app(cargo, tmp_path).run("build")
    deps = ['secret = { version = "1", registry = "mine" }']
    cargo.package(tmp_path, name, deps=deps).publish()
    assert private.index(name, token=private.token)
    cargo.run("yank", name, "--version=1.0.0", "--registry=mine")


def test_token_from_a_command(private: Registry, tmp_path: Path):
    """As password managers do it [112]."""
    script = tmp_path / "token"
    script.write_text(f"#!/bin/sh\necho '{private.token}'\n")
    script.chmod(0o755)
    provider = f'[registry]\nglobal-credential-providers = ["cargo:token-from-stdout {script}"]\n'
    cargo = Cargo(tmp_path / "home", {"mine": private}).configure(provider, tokens=False)
    _app(cargo, tmp_path).run("build")


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}"])
def test_token_with_a_scheme(stack: Stack, private: Registry, tmp_path: Path, form: str):
    """Stored by the user as `Bearer …` [113]."""
    stored = Registry(private.name, private.index_url, form.format(private.token))
    cargo = Cargo(tmp_path / "home", {"mine": stored}, provider=True).configure()
    _app(cargo, tmp_path).run("build")


def test_build_without_a_token(private: Registry, tmp_path: Path):
    """Cargo says that it needs one, and how to log in [112]."""
    cargo = Cargo(tmp_path / "home", {"mine": private}, provider=True).configure(tokens=False)
    with pytest.raises(CargoFailed, match="cargo login"):
        _app(cargo, tmp_path).run("build")


def test_build_with_a_wrong_token(private: Registry, tmp_path: Path):
    """Cargo says that it was rejected [114]."""
    wrong = Registry(private.name, private.index_url, "nonsense")
    cargo = Cargo(tmp_path / "home", {"mine": wrong}, provider=True).configure()
    with pytest.raises(CargoFailed, match="token rejected"):
        _app(cargo, tmp_path).run("build")


@pytest.mark.parametrize("kind", ["public", "private"])
def test_login_and_logout(registry: Registry, private: Registry, tmp_path: Path, kind: str):
    """`cargo login` names a page of ours, stores what it is given, and forgets it again [6, 112]."""
    there = {"public": registry, "private": private}[kind]
    cargo = Cargo(tmp_path / "home", {"mine": there}, provider=True).configure(tokens=False)
    said = cargo.typed(f"{there.token}\n", "login", "--registry=mine")
    # A private registry names the account page in its challenge, and cargo guesses that of others.
    assert {"public": f"{there.url}me", "private": "/pulp/cargo-account/?registry="}[kind] in said
    if kind == "private":
        _app(cargo, tmp_path).run("generate-lockfile")
    credentials = cargo.home / "credentials.toml"
    assert str(there.token) in credentials.read_text()
    cargo.run("logout", "--registry=mine")
    assert str(there.token) not in credentials.read_text()


def test_token_that_may_only_read(stack: Stack, private: Registry, name: str, tmp_path: Path):
    """It builds, and its publish is refused with a sentence [115, 116]."""
    reader = Registry(private.name, private.index_url, stack.make_token(scopes=["read"]))
    cargo = Cargo(tmp_path / "home", {"mine": reader}, provider=True).configure()
    _app(cargo, tmp_path).run("build")
    with pytest.raises(CargoFailed, match="lacks the scope `publish-new`"):
        cargo.package(tmp_path, name).publish("--no-verify")


def test_the_lines_of_two_registries_go_into_one_file(stack: Stack, name: str, tmp_path: Path):
    """A table that occurs twice would make cargo fail for every command [112]."""
    both = [stack.make_registry(auth_required=True) for _ in range(2)]
    lines = [one.get("config.toml").body.decode() for one in both]
    (tmp_path / "config.toml").write_text("".join(lines))
    tokens = [f'[registries.{one.name}]\ntoken = "{one.token}"\n' for one in both]
    (tmp_path / "credentials.toml").write_text("".join(tokens))
    cargo = Cargo(tmp_path, {})
    for one in both:
        one.publish(Crate(name))
        said = cargo.run("info", name, "--registry", one.name)
        assert "version: 1.0.0" in said
