"""`upstream-pulp replicate`: a whole Pulp that follows another."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import DOCS, Shell, about_here, blocks
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES, Stack, started

REMOTES = "remotes/cargo/cargo/"


@pytest.fixture(scope="module")
def second(open_directory: Path) -> Iterator[Stack]:
    """A Pulp of its own, which follows the other."""
    with started(open_directory / "second") as own:
        yield own


@pytest.fixture
def label(stack: Stack) -> str:
    """A label for the distributions that a test lets be replicated."""
    return unique("set").replace("-", "_")


@pytest.fixture
def upstream_pulp(stack: Stack, second: Stack, label: str) -> str:
    """The first Pulp as the second one knows it; only what has the label is replicated."""
    user, password = stack.rest.auth or ("", "")
    made = second.rest.make(
        "upstream-pulps/",
        name=unique("up"),
        base_url=stack.ready["api_url"],
        api_root="/pulp/",
        username=user,
        password=password,
        q_select=f"pulp_label_select='{label}'",
        policy="labeled",
    )
    return str(made["pulp_href"])


def replicate(rest: Rest, upstream_pulp: str) -> list[dict[str, Any]]:
    """Replicate, wait for all tasks, and return them."""
    answer = rest.session.post(rest.url(f"{upstream_pulp}replicate/"), timeout=60)
    assert answer.status_code == 202, answer.text
    group = rest.get(answer.json()["task_group"])
    for task in group["tasks"]:
        rest.wait_task(task["pulp_href"])
    group = rest.get(group["pulp_href"])
    return [rest.wait_task(task["pulp_href"]) for task in group["tasks"]]


def copied(second: Stack, registry: Registry) -> Registry:
    """Return the registry of the second Pulp that is the copy of one of the first."""
    (found,) = second.rest.list(DISTRIBUTIONS, name=registry.name)
    return Registry(registry.name, found["base_url"], second.ready["token"], found["pulp_href"])


def names(second: Stack, path: str) -> set[str]:
    """Return the names of all that the second Pulp has of a kind."""
    return {one["name"] for one in second.rest.list(path, limit=100)}


def made(tasks: list[dict[str, Any]]) -> list[str]:
    """Return the repository versions that tasks have made."""
    return [href for task in tasks for href in task["created_resources"] if "/versions/" in href]


def test_replicate_and_then_the_difference(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str
) -> None:
    """Distributions, repositories, crates and yanks come over; later, only what has changed."""
    labels = {"pulp_labels": {label: ""}}
    first, other, gone = (stack.make_registry(**labels) for _ in range(3))
    first.publish(Crate(name, "1.0.0"))
    first.publish(Crate(name, "1.1.0", deps=[Dep(name="base")]))
    first.yank(name, "1.0.0")
    other.publish(Crate(name, "3.0.0"))
    gone.publish(Crate(name))
    assert len(made(replicate(second.rest, upstream_pulp))) == 3
    everything = {first.name, other.name, gone.name}
    for path in (DISTRIBUTIONS, REPOSITORIES, REMOTES):
        assert everything <= names(second, path)
    for registry in (first, other, gone):
        copy = copied(second, registry)
        assert copy.index_file(name).body == registry.index_file(name).body

    assert made(replicate(second.rest, upstream_pulp)) == []

    first.publish(Crate(name, "1.2.0"))
    first.unyank(name, "1.0.0")
    first.yank(name, "1.1.0")
    stack.rest.delete(gone.href)
    assert len(made(replicate(second.rest, upstream_pulp))) == 1
    for registry in (first, other):
        copy = copied(second, registry)
        assert copy.index_file(name).body == registry.index_file(name).body
    assert [(entry["vers"], entry["yanked"]) for entry in copied(second, first).index(name)] == [
        ("1.0.0", False),
        ("1.1.0", True),
        ("1.2.0", False),
    ]
    for path in (DISTRIBUTIONS, REPOSITORIES, REMOTES):
        assert gone.name not in names(second, path)
    assert copied(second, first).send(Crate(name, "9.0.0")).status == 403


def test_private_registry_stays_private(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str
) -> None:
    """It is read with the credentials by which the other Pulp is; files come when asked for."""
    private = stack.make_registry(auth_required=True, pulp_labels={label: ""})
    private.publish(Crate(name))
    replicate(second.rest, upstream_pulp)
    copy = copied(second, private)
    assert copy.index_file(name).status == copy.download(name).status == 401
    (unit,) = second.rest.list("content/cargo/crates/", name=name)
    assert unit["artifact"] is None
    answer = copy.download(name, token=copy.token)
    assert answer.body == Crate(name).packed(private.index_url)
    assert answer.headers["cache-control"].startswith("private")
    assert second.rest.get(unit["pulp_href"])["artifact"] is not None


def test_guide_works_as_written(stack: Stack, second: Stack, name: str, tmp_path: Path) -> None:
    """The commands of the guide, with one registry that bears the label of the guide."""
    team = stack.make_registry(auth_required=True, pulp_labels={"replicate": ""})
    team.publish(Crate(name))
    user, password = stack.rest.auth or ("", "")
    values = {
        "PULP": second.ready["api_url"],
        "PULP_USER": second.ready["admin_user"],
        "PULP_PASSWORD": second.ready["admin_password"],
        "UPSTREAM": stack.ready["api_url"],
        "UPSTREAM_USER": user,
        "UPSTREAM_PASSWORD": password,
        "UPSTREAM_INDEX": team.index_url,
    }
    with Shell(tmp_path, environment()) as shell:
        for block in blocks(DOCS / "admin" / "guides" / "replication.md"):
            shell.run(about_here(block, values))
    copy = copied(second, replace(team, name="team-copy"))
    assert copy.index_file(name).body == team.index_file(name, token=team.token).body
    assert name in str(copied(second, team).index(name, token=copy.token))


@pytest.mark.cargo
def test_cargo_builds_from_the_copy(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str, tmp_path: Path
) -> None:
    """A dependency on another crate of the upstream is one on another crate of the copy."""
    original = stack.make_registry(pulp_labels={label: ""})
    base = Crate(f"{name}-base", files={"src/lib.rs": b"pub fn answer() -> u32 { 42 }"})
    text = f"pub use {name}_base::answer;".encode()
    top = Crate(name, deps=[Dep(name=base.name)], files={"src/lib.rs": text})
    for crate in (base, top):
        original.publish(crate)
    replicate(second.rest, upstream_pulp)
    cargo = Cargo(tmp_path / "home", {"mine": copied(second, original)}).configure()
    app = cargo.package(
        tmp_path,
        "app",
        deps=[f'{name} = {{ version = "1", registry = "mine" }}'],
        main=f'fn main() {{ println!("{{}}", {name}::answer()); }}',
    )
    assert app.run("run", "--quiet").strip().endswith("42")
    assert app.locked()[f"{base.name} 1.0.0"][0] == copied(second, original).index_url
