"""Commands that pulp-cli makes of our parts: each is run once, and changes what it should."""

from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack

KINDS = ("repository", "remote", "distribution")
MINE = {
    "repository": "cargo.modify_cargorepository",
    "remote": "cargo.change_cargoremote",
    "distribution": "cargo.change_cargodistribution",
}
VIEWERS = {kind: f"cargo.cargo{kind}_viewer" for kind in KINDS}


@pytest.fixture
def made(stack: Stack, name: str) -> str:
    """The name of a repository, a remote, a distribution, a token and a crate policy."""
    for path in ("cargo/tokens/", "cargo/crate-policies/"):
        stack.rest.make(path, name=name)
    stack.rest.make("repositories/cargo/cargo/", name=name)
    stack.rest.make("remotes/cargo/cargo/", name=name, url="sparse+https://x.example/")
    stack.rest.make("distributions/cargo/cargo/", name=name, base_path=name)
    return name


@pytest.mark.parametrize("kind", [*KINDS, "token", "crate-policy"])
def test_labels_are_set_shown_and_removed(pulp: Pulp, made: str, kind: str) -> None:
    """They are among what is listed by a label, too."""
    named = (f"--{kind}" if kind in KINDS else "--name", made)
    pulp.cargo(kind, "label", "set", *named, "--key", "team", "--value", made)
    assert pulp.run("cargo", kind, "label", "show", *named, "--key", "team").stdout == f"{made}\n"
    found = pulp.cargo(kind, "list", "--label-select", f"team={made}", "--field", "name")
    assert found == [{"name": made}]
    pulp.cargo(kind, "label", "unset", *named, "--key", "team")
    assert pulp.cargo(kind, "show", "--name", made)["pulp_labels"] == {}


@pytest.mark.parametrize("kind", KINDS)
def test_roles_are_given_and_taken(stack: Stack, pulp: Pulp, made: str, kind: str) -> None:
    """Whoever has one sees it among their permissions."""
    stack.rest.make("users/", username=made, password=f"{made}-pw-1")
    given = ("--name", made, "--role", VIEWERS[kind], "--user", made)
    pulp.cargo(kind, "role", "add", *given)
    assert made in str(pulp.cargo(kind, "role", "list", "--name", made)["roles"])
    theirs = Pulp(pulp.home, pulp.base_url, (made, f"{made}-pw-1"))
    seen = theirs.cargo(kind, "role", "my-permissions", "--name", made)
    assert seen["permissions"] == [f"cargo.view_cargo{kind}"]
    pulp.cargo(kind, "role", "remove", *given)
    assert made not in str(pulp.cargo(kind, "role", "list", "--name", made)["roles"])
    with pytest.raises(PulpFailed, match=f"There is no cargo {kind} with name"):
        theirs.cargo(kind, "role", "my-permissions", "--name", made)
    mine = pulp.cargo(kind, "role", "my-permissions", "--name", made)
    assert MINE[kind] in mine["permissions"]


@pytest.mark.parametrize(
    ("kind", "by"), [("repository", "name"), ("remote", "pulp_href"), ("distribution", "prn")]
)
def test_what_is_destroyed_is_gone(stack: Stack, pulp: Pulp, made: str, kind: str, by: str) -> None:
    """And nothing else is, however it was named."""
    paths = ("repositories/cargo/cargo/", "remotes/cargo/cargo/", "distributions/cargo/cargo/")
    there = {one: stack.rest.list(path, name=made) for one, path in zip(KINDS, paths, strict=True)}
    pulp.cargo(kind, "destroy", "--name" if by == "name" else "--href", there[kind][0][by])
    left = {
        one: len(stack.rest.list(path, name=made)) for one, path in zip(KINDS, paths, strict=True)
    }
    assert left == dict.fromkeys(KINDS, 1) | {kind: 0}


def test_a_remote_is_updated_and_listed(pulp: Pulp, made: str) -> None:
    """An empty value removes what was set."""
    update = ("remote", "update", "--name", made)
    pulp.cargo(*update, "--url", "sparse+https://y.example/", "--policy", "on_demand")
    pulp.cargo(*update, "--download-concurrency", "3")
    new = pulp.cargo("remote", "show", "--name", made)
    assert new["url"] == "sparse+https://y.example/"
    assert new["policy"] == "on_demand"
    assert new["download_concurrency"] == 3
    pulp.cargo(*update, "--download-concurrency", "")
    assert pulp.cargo("remote", "show", "--name", made)["download_concurrency"] is None
    found = pulp.cargo("remote", "list", "--name", made, "--field", "url")
    assert found == [{"url": "sparse+https://y.example/"}]


def test_versions_are_listed_shown_and_destroyed(stack: Stack, pulp: Pulp) -> None:
    """By their numbers."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    registry.publish(Crate("leaf", "1.1.0"))
    own = ("--repository", registry.name)

    def numbers() -> list[int]:
        return [one["number"] for one in pulp.cargo("repository", "version", "list", *own)]

    assert numbers() == [2, 1, 0]
    shown = pulp.cargo("repository", "version", "show", *own, "--version", "1")
    assert shown["number"] == 1
    assert shown["content_summary"]["present"]["cargo.crate"]["count"] == 1
    assert pulp.cargo("repository", "version", "show", *own)["number"] == 2
    pulp.cargo("repository", "version", "destroy", *own, "--version", "1")
    assert numbers() == [2, 0]


@pytest.fixture
def three(stack: Stack, name: str) -> dict[str, Any]:
    """Three crates in a repository, one of which needs another; and the version that has them."""
    registry = stack.make_registry()
    base = Crate(f"{name}-base")
    for crate in (
        base,
        Crate(f"{name}-base", "2.0.0", package={"keywords": ["tree"], "rust-version": "1.70"}),
        Crate(f"{name}-top", deps=[Dep(name=base.name)]),
    ):
        registry.publish(crate)
    (repository,) = stack.rest.list("repositories/cargo/cargo/", name=registry.name)
    return {
        "base": base.cksum(registry.index_url),
        "canonical": f"{name}-base".replace("-", "_"),
        "name": name,
        "version": repository["latest_version_href"],
    }


FILTERS = {
    "--name {name}-base": ["base 1.0.0", "base 2.0.0"],
    "--name {name}_base": [],
    "--canonical-name {canonical}": ["base 1.0.0", "base 2.0.0"],
    "--name-contains {name}": ["base 1.0.0", "base 2.0.0", "top 1.0.0"],
    "--name-contains {name} --vers 2.0.0": ["base 2.0.0"],
    "--cksum {base}": ["base 1.0.0"],
    "--dependency {name}-base": ["top 1.0.0"],
    "--name-contains {name} --keyword tree": ["base 2.0.0"],
    "--name-contains {name} --rust-version 1.70": ["base 2.0.0"],
    "--repository-version {version}": ["base 1.0.0", "base 2.0.0", "top 1.0.0"],
    "--repository-version-added {version}": ["top 1.0.0"],
    "--repository-version-removed {version}": [],
}


def test_crates_are_filtered(pulp: Pulp, three: dict[str, Any]) -> None:
    """By each option of the list."""
    found = {
        given: sorted(
            f"{crate['name'].rpartition('-')[2]} {crate['vers']}"
            for crate in pulp.cargo("content", "list", *given.format(**three).split())
        )
        for given in FILTERS
    }
    assert found == FILTERS


def test_several_crates_of_one_name_are_told_apart(pulp: Pulp, three: dict[str, Any]) -> None:
    """By version and checksum."""
    name = f"{three['name']}-base"
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo("content", "show", "--name", name)
    assert refused.value.said == (
        f"Error: Several crates have name '{three['canonical']}':"
        " select one with `--vers` or `--cksum`.\n"
    )
    assert pulp.cargo("content", "show", "--name", name, "--vers", "2.0.0")["vers"] == "2.0.0"
