"""`upstream-pulp replicate`: a whole Pulp that follows another."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.functional.copies.replication import (
    REMOTES,
    copied,
    made,
    names,
    replicate,
    upstream_at,
)
from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import DOCS, Shell, about_here, blocks
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, REPOSITORIES, Stack


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


def test_labels_of_versions_are_copied(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str
) -> None:
    """Each with its state, also that of an older version, and a later one with the next run."""
    first = stack.make_registry(pulp_labels={label: ""})

    def give(text: str, number: int) -> None:
        stack.rest.post(f"{first.repository}label_version/", label=text, number=number)

    def states(registry: Registry) -> dict[str, bytes]:
        pasts = ("", "@release-1/", "@release-2/", "@stable/")
        answers = {
            past: replace(registry, index_url=f"{registry.index_url}{past}").index_file(name)
            for past in pasts
        }
        return {past: answer.body for past, answer in answers.items() if answer.status == 200}

    for vers in ("1.0.0", "1.1.0", "1.2.0"):
        first.publish(Crate(name, vers))
    give("release-1", 1)
    replicate(second.rest, upstream_pulp)
    copy = copied(second, first)
    assert states(copy).keys() == {"", "@release-1/"}
    assert states(copy) == states(first)
    assert copy.download(name, "1.2.0").status == 200
    give("release-2", 2)
    give("stable", 3)
    replicate(second.rest, upstream_pulp)
    assert states(copy).keys() == {"", "@release-1/", "@release-2/", "@stable/"}
    assert states(copy) == states(first)
    assert made(replicate(second.rest, upstream_pulp)) == []
    (repository,) = second.rest.list(REPOSITORIES, name=first.name)
    urls = [*repository["index_aliases"], *repository.get("mirrored_urls", [])]
    assert not any("@" in url for url in urls)


def test_labels_are_those_of_the_upstream(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str
) -> None:
    """Moved and removed ones too, without a version for a state that the copy has; its own remain."""
    first = stack.make_registry(pulp_labels={label: ""})

    def call(action: str, **fields: Any) -> None:
        stack.rest.post(f"{first.repository}{action}/", **fields)

    def labels() -> dict[str, str]:
        (repository,) = second.rest.list(REPOSITORIES, name=first.name)
        shown = second.rest.list(f"{repository['pulp_href']}version_labels/")
        copy = copied(second, first)
        return {
            one["label"]: ",".join(
                line["vers"] + "!" * line["yanked"]
                for line in replace(copy, index_url=f"{copy.index_url}@{one['label']}/").index(name)
            )
            for one in shown
        }

    first.publish(Crate(name, "1.0.0"))
    first.yank(name, "1.0.0")
    replicate(second.rest, upstream_pulp)
    first.publish(Crate(name, "1.1.0"))
    first.publish(Crate(name, "1.2.0"))
    replicate(second.rest, upstream_pulp)
    call("label_version", label="old", number=2)
    call("label_version", label="stable", number=4)
    assert made(replicate(second.rest, upstream_pulp)) == []
    assert labels() == {"old": "1.0.0!", "stable": "1.0.0!,1.1.0,1.2.0"}
    (repository,) = second.rest.list(REPOSITORIES, name=first.name)
    second.rest.post(f"{repository['pulp_href']}label_version/", label="own")
    for action, number in (("unlabel_version", None), ("label_version", 3)):
        call(action, label="stable", **({} if number is None else {"number": number}))
    call("unlabel_version", label="old")
    assert len(made(replicate(second.rest, upstream_pulp))) == 2
    assert labels() == {"stable": "1.0.0!,1.1.0", "own": "1.0.0!,1.1.0,1.2.0"}
    assert copied(second, first).index(name) == first.index(name)
    assert made(replicate(second.rest, upstream_pulp)) == []
    call("label_version", label="own", number=2)
    (synced,) = (one for one in replicate(second.rest, upstream_pulp) if one["result"])
    (left_out,) = synced["result"]["labels_left_out"]
    assert left_out["reason"].startswith("this repository has a label `own` of its own")
    codes = {one["code"]: (one["done"], one["suffix"]) for one in synced["progress_reports"]}
    assert codes["sync.cargo.labels"] == (1, "own")
    assert labels() == {"stable": "1.0.0!,1.1.0", "own": "1.0.0!,1.1.0,1.2.0"}


def test_owners_come_over_where_they_exist(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str
) -> None:
    """By their names; later, those that have changed."""
    first = stack.make_registry(repository={"crate_owners": True}, pulp_labels={label: ""})
    first.publish(Crate(name))
    both, group, here = f"{name}-both", f"group:{name}-both", f"{name}-here"
    for login in (both, here):
        stack.rest.make("users/", username=login, password=f"{login}-pw")
    second.rest.make("users/", username=both, password=f"{both}-pw")
    for rest in (stack.rest, second.rest):
        rest.make("groups/", name=f"{name}-both")

    def owners() -> list[str]:
        replicate(second.rest, upstream_pulp)
        (there,) = second.rest.list(REPOSITORIES, name=first.name)
        assert there["crate_owners"] is True
        shown = second.rest.list(f"{there['pulp_href']}owners/")
        assert {one["crate"] for one in shown} == {name}
        return sorted(one["owner"] for one in shown)

    stack.rest.post(f"{first.repository}add_owners/", owners=[both, group, here], crates=[name])
    # Both have an `admin`, who published it.
    assert owners() == sorted(["admin", both, group])
    stack.rest.post(f"{first.repository}remove_owners/", owners=["admin", group], crates=[name])
    assert owners() == [both]


def test_versions_that_differ_in_build_metadata(
    stack: Stack, second: Stack, upstream_pulp: str, label: str, name: str
) -> None:
    """Both come over, and the yank of one of them."""
    mirror = stack.make_registry(allow_uploads=False, pulp_labels={label: ""})
    crates = "content/cargo/crates/"
    units = [
        stack.rest.upload(crates, Crate(name, vers).packed()) for vers in ("0.4.0", "0.4.0+25")
    ]
    added = [unit["pulp_href"] for unit in units]
    stack.rest.post(f"{mirror.repository}modify/", add_content_units=added)
    stack.rest.post(f"{mirror.repository}yank/", name=name, vers="0.4.0+25")
    replicate(second.rest, upstream_pulp)
    copy = copied(second, mirror)
    assert [(line["vers"], line["yanked"]) for line in copy.index(name)] == [
        ("0.4.0", False),
        ("0.4.0+25", True),
    ]
    for vers in ("0.4.0", "0.4.0+25"):
        assert copy.download(name, vers).body == Crate(name, vers).packed()


def test_private_registry_stays_private(
    stack: Stack, second: Stack, origin: str, label: str, name: str
) -> None:
    """It is read with the credentials by which the other Pulp is; files come when asked for."""
    private = stack.make_registry(auth_required=True, pulp_labels={label: ""})
    private.publish(Crate(name))
    replicate(second.rest, upstream_at(origin, stack, second, label))
    copy = copied(second, private)
    assert copy.index_file(name).status == copy.download(name).status == 401
    (unit,) = second.rest.list("content/cargo/crates/", name=name)
    assert unit["artifact"] is None
    answer = copy.download(name, token=copy.token)
    assert answer.body == Crate(name).packed(private.index_url)
    assert answer.headers["cache-control"].startswith("private")
    assert second.rest.get(unit["pulp_href"])["artifact"] is not None


def test_guide_works_as_written(
    stack: Stack, second: Stack, origin: str, name: str, tmp_path: Path
) -> None:
    """The commands of the guide, with one registry that bears the label of the guide."""
    team = stack.make_registry(auth_required=True, pulp_labels={"replicate": ""})
    team.publish(Crate(name))
    user, password = stack.rest.auth or ("", "")
    values = {
        "PULP": second.ready["api_url"],
        "PULP_USER": second.ready["admin_user"],
        "PULP_PASSWORD": second.ready["admin_password"],
        "UPSTREAM": origin,
        "UPSTREAM_USER": user,
        "UPSTREAM_PASSWORD": password,
        "UPSTREAM_INDEX": team.index_url.replace(stack.content_url, origin),
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
