"""The real cargo and Pulp's content guards on a registry."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.support.cargo import Cargo, CargoFailed, Project
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.proxy import counting_proxy
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.cargo

TEAM = {"X-Team": base64.b64encode(b"crates").decode()}


def _guard(stack: Stack, kind: str, **fields: Any) -> str:
    made = stack.rest.make(f"contentguards/core/{kind}/", name=unique("guard"), **fields)
    return str(made["pulp_href"])


@pytest.fixture(scope="module")
def asks_for_a_role(stack: Stack) -> str:
    """A guard that lets in who has a role on it."""
    return _guard(stack, "rbac")


@pytest.fixture(scope="module")
def asks_for_a_header(stack: Stack) -> str:
    """A guard that lets in what a proxy has marked."""
    return _guard(stack, "header", header_name="X-Team", header_value="crates")


def _registry(stack: Stack, guard: str) -> Registry:
    registry = stack.make_registry(content_guard=guard)
    registry.publish(Crate("secret"))
    return registry


@pytest.fixture(scope="module")
def token_of_a_member(stack: Stack, asks_for_a_role: str) -> str:
    """The token of a user who may download, and nothing else."""
    name = unique("member")
    stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    role = "core.rbaccontentguard_downloader"
    stack.rest.post(f"{asks_for_a_role}add_role/", users=[name], role=role)
    return stack.make_token(user=name, scopes=["read"])


@pytest.fixture(scope="module")
def token_of_a_stranger(stack: Stack) -> str:
    """The token of a user without any role."""
    name = unique("stranger")
    stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    return stack.make_token(user=name)


def _build(folder: Path, registry: Registry, token: str | None, **environ: str) -> str:
    """Build what depends on the guarded crate, in a cargo that has never run before."""
    home = folder / unique("home")
    known = {"mine": replace(registry, token=token)}
    cargo = Cargo(home, known, provider=token is not None, environ=environ)
    cargo.configure(tokens=token is not None)
    deps = ['secret = { version = "1", registry = "mine" }']
    app: Project = cargo.package(home, "app", deps=deps)
    return app.run("build")


def test_build_through_a_guard_that_asks_for_a_role(
    stack: Stack, asks_for_a_role: str, token_of_a_member: str, tmp_path: Path
) -> None:
    """With the token of a user who has the role; cargo sends it with index and downloads."""
    registry = _registry(stack, asks_for_a_role)
    assert "Compiling secret" in _build(tmp_path, registry, token_of_a_member)


def test_build_without_the_role_is_refused(
    stack: Stack, asks_for_a_role: str, token_of_a_stranger: str, tmp_path: Path
) -> None:
    """Cargo says whether it lacks a token, or has one that is not let in."""
    registry = _registry(stack, asks_for_a_role)
    with pytest.raises(CargoFailed, match="credential"):
        _build(tmp_path, registry, None)
    with pytest.raises(CargoFailed, match="token rejected"):
        _build(tmp_path, registry, token_of_a_stranger)


def test_build_through_a_guard_that_asks_for_a_header(
    stack: Stack, asks_for_a_header: str, tmp_path: Path
) -> None:
    """Cargo cannot send one; a proxy before it can, and then cargo needs no token at all."""
    registry = _registry(stack, asks_for_a_header)
    with counting_proxy(TEAM) as proxy:
        assert "Compiling secret" in _build(tmp_path, registry, None, **proxy.environ)
        assert set(proxy.take()) == {200}
    with pytest.raises(CargoFailed, match="credential"):
        _build(tmp_path, registry, None)


def test_build_through_either_of_two_guards(
    stack: Stack,
    asks_for_a_role: str,
    asks_for_a_header: str,
    token_of_a_member: str,
    token_of_a_stranger: str,
    tmp_path: Path,
) -> None:
    """By the role, or by the header; since it may be the role, cargo wants some token."""
    either = _guard(stack, "composite", guards=[asks_for_a_role, asks_for_a_header])
    registry = _registry(stack, either)
    assert "Compiling secret" in _build(tmp_path, registry, token_of_a_member)
    with pytest.raises(CargoFailed, match="token rejected"):
        _build(tmp_path, registry, token_of_a_stranger)
    with counting_proxy(TEAM) as proxy:
        told = _build(tmp_path, registry, token_of_a_stranger, **proxy.environ)
    assert "Compiling secret" in told
