"""`pulp cargo registry create`: a whole registry, or nothing of it."""

import tomllib
from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack

KINDS = {
    "repository": "repositories/cargo/cargo/",
    "remote": "remotes/cargo/cargo/",
    "distribution": "distributions/cargo/cargo/",
    "token": "cargo/tokens/",
}


def there(stack: Stack, name: str) -> dict[str, dict[str, Any]]:
    """The objects of this name, by their kinds."""
    found = {kind: stack.rest.list(path, name=name) for kind, path in KINDS.items()}
    return {kind: objects[0] for kind, objects in found.items() if objects}


def test_registry_for_own_crates(stack: Stack, pulp: Pulp) -> None:
    """It takes a publish with the token that is printed."""
    name = unique("team")
    done = pulp.run("cargo", "registry", "create", name)
    made = there(stack, name)
    assert set(made) == {"repository", "distribution", "token"}
    assert made["distribution"]["allow_uploads"] is True
    assert made["token"]["distribution"] == made["distribution"]["pulp_href"]
    config = tomllib.loads(done.stdout)["registries"][name]
    assert config["index"] == made["distribution"]["base_url"]
    secret = tomllib.loads(done.stderr[done.stderr.index("[") :])["registries"][name]["token"]
    registry = Registry(name, config["index"], secret)
    registry.publish(Crate("leaf"))
    assert [line["vers"] for line in registry.index("leaf")] == ["1.0.0"]


def test_private_cache_of_another_registry(stack: Stack, pulp: Pulp) -> None:
    """The scheme of a sparse index may be left out; the token reads."""
    upstream = stack.make_registry()
    upstream.publish(Crate("leaf"))
    name = unique("cache")
    url = upstream.index_url.removeprefix("sparse+")
    done = pulp.run("cargo", "registry", "create", name, "--cache-of", url, "--private")
    made = there(stack, name)
    assert set(made) == set(KINDS)
    assert made["remote"]["url"] == upstream.index_url
    assert made["repository"]["remote"] == made["remote"]["pulp_href"]
    assert made["distribution"]["allow_uploads"] is False
    secret = done.stderr.rpartition('token = "')[2].partition('"')[0]
    index_url = made["distribution"]["base_url"]
    registry = Registry(name, index_url, secret)
    assert registry.download("leaf", token=secret).status == 200
    assert registry.download("leaf").status == 401


def test_public_cache_needs_no_token(stack: Stack, pulp: Pulp) -> None:
    """Everybody reads it, and nobody publishes there."""
    name = unique("cache")
    done = pulp.run("cargo", "registry", "create", name, "--cache-of", "https://x.example/")
    assert set(there(stack, name)) == {"repository", "remote", "distribution"}
    assert "token" not in done.stderr


def test_token_is_saved_where_cargo_looks(pulp: Pulp) -> None:
    """And is printed nowhere."""
    name = unique("team")
    done = pulp.run("cargo", "registry", "create", name, "--save-token")
    file = pulp.home / ".cargo" / "credentials.toml"
    saved = tomllib.loads(file.read_text())["registries"][name]["token"]
    assert saved.startswith("pulp_cargo_")
    assert saved not in done.stdout + done.stderr


@pytest.mark.parametrize("kind", ["repository", "distribution", "token"])
def test_nothing_remains_of_a_registry_that_fails(stack: Stack, pulp: Pulp, kind: str) -> None:
    """Whichever step fails; what was there before stays."""
    name = unique("taken")
    fields = {"base_path": unique("other")} if kind == "distribution" else {}
    stack.rest.make(KINDS[kind], name=name, **fields)
    with pytest.raises(PulpFailed) as failed:
        pulp.run(
            "cargo", "registry", "create", name, "--cache-of", "https://x.example/", "--private"
        )
    assert failed.value.status == 1
    assert "name" in failed.value.said
    assert set(there(stack, name)) == {kind}


def test_steps_cannot_be_left_to_the_background(pulp: Pulp) -> None:
    """Each needs the one before."""
    with pytest.raises(PulpFailed, match="`--background` is not possible"):
        pulp.run("--background", "cargo", "registry", "create", unique("team"))
