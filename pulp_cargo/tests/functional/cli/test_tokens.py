"""Whose token a command means, and under which name cargo finds its secret."""

import tomllib

import pytest

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def somebody(stack: Stack, name: str) -> str:
    """The name of a user, who has a token of that name."""
    stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    stack.make_token(name=name, user=name)
    return name


def _users(pulp: Pulp, name: str) -> list[str]:
    return sorted(token["user"] for token in pulp.cargo("token", "list", "--name", name))


def test_an_administrator_revokes_their_own_token(pulp: Pulp, somebody: str) -> None:
    """Others' tokens of the name stay, until somebody says whose is meant."""
    pulp.cargo("token", "create", "--name", somebody)
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo("token", "show", "--name", somebody)
    assert refused.value.said == (
        f"Error: Several cargo tokens have name '{somebody}': select a user with `--user`.\n"
    )
    pulp.cargo("token", "revoke", somebody)
    assert _users(pulp, somebody) == [somebody]
    for words in (("revoke", somebody), ("revoke", "--name", somebody)):
        with pytest.raises(PulpFailed) as refused:
            pulp.cargo("token", *words)
        assert refused.value.said == (
            f"Error: The user `admin` has no token '{somebody}', but `{somebody}` has one:"
            " select a user with `--user`.\n"
        )
    assert _users(pulp, somebody) == [somebody]
    pulp.cargo("token", "revoke", somebody, "--user", somebody)
    assert _users(pulp, somebody) == []


@pytest.mark.parametrize("key", ["pulp_href", "prn"])
def test_a_token_is_revoked_by_what_pulp_calls_it(pulp: Pulp, somebody: str, key: str) -> None:
    """Which needs no user."""
    token = pulp.cargo("token", "show", "--name", somebody)
    pulp.cargo("token", "revoke", token[key])
    assert _users(pulp, somebody) == []


def test_a_secret_is_where_the_printed_configuration_needs_it(pulp: Pulp, name: str) -> None:
    """cargo takes no such name, so that the configuration has another."""
    spaced = f"{name} b"
    pulp.cargo("distribution", "create", "--name", spaced, "--base-path", name)
    lines = pulp.run("cargo", "distribution", "config", "--name", spaced).stdout
    assert list(tomllib.loads(lines)["registries"]) == [f"{name}-b"]
    done = pulp.run("cargo", "token", "create", "--name", name, "--registry", spaced)
    assert f"The token for `{name}-b` is in " in done.stderr
    credentials = tomllib.loads((pulp.home / ".cargo" / "credentials.toml").read_text())
    assert credentials["registries"][f"{name}-b"]["token"].startswith("pulp_cargo_")


def test_a_token_may_last_for_long(pulp: Pulp, name: str) -> None:
    """As long as the command line takes."""
    made = pulp.cargo("token", "create", "--name", name, "--expires-in", "36500")
    assert made["expires_at"].startswith("21")


@pytest.mark.parametrize("by", ["name", "pulp_href", "prn"])
def test_a_token_is_limited_to_a_registry(stack: Stack, pulp: Pulp, name: str, by: str) -> None:
    """However that is named, and found by it likewise."""
    registry = stack.rest.need("distributions/cargo/cargo/", name=name, base_path=name)
    made = pulp.cargo("token", "create", "--name", name, "--distribution", registry[by])
    assert made["distribution"] == registry["pulp_href"]
    pulp.cargo("token", "create", "--name", f"{name}-other")
    found = pulp.cargo("token", "list", "--distribution", registry[by])
    assert [one["name"] for one in found] == [name]
