"""What projects need of a registry."""

import pytest

from pulp_cargo.protocol.project_manifest import parse_projects
from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE
from pulp_cargo.rules.project_needs import ProjectNeeds, Upstream, project_needs

APP = """
[package]
name = "app"
[dependencies]
plain = "1"
maybe = { version = "2", optional = true }
fork = { package = "real", version = "3", default-features = false, features = ["x"] }
ours = { version = "1", registry = "company" }
near = { path = "../near", version = "0.1" }
[target.i686-pc-windows-gnu.dependencies]
winapi = "0.3"
[target.'cfg(windows)'.dependencies]
windows = "0.5"
[dev-dependencies]
plain = "1.4"
test = "1"
[build-dependencies]
cc = "1"
[features]
full = ["maybe/more", "plain/extra", "near/y"]
"""


def needs(
    upstream: Upstream, targets: list[str] | None = None, *, dev: bool = True
) -> ProjectNeeds:
    """Return what the project needs."""
    return project_needs(parse_projects([APP]), upstream, targets, dev=dev)


def crates(found: ProjectNeeds) -> dict[str, set[str]]:
    """Return the features by crate and requirement."""
    return {
        f"{one.name} {one.requirement}": set(one.features)
        for deps in found.crates.values()
        for one in deps
    }


def test_dependencies_on_crates_io() -> None:
    """With all features of the project, under whichever name of crates.io."""
    found = needs(Upstream([CRATES_IO_SPARSE]))
    assert crates(found) == {
        "plain ^1": {"default", "extra"},
        "plain ^1.4": {"default"},
        "maybe ^2": {"default", "more"},
        "real ^3": {"x"},
        "winapi ^0.3": {"default"},
        "windows ^0.5": {"default"},
        "test ^1": {"default"},
        "cc ^1": {"default"},
    }
    assert [(one.name, one.req, one.reason) for one in found.left_out] == [
        ("near", "^0.1", "it is from the folder `../near`, says the Cargo.toml of `app`"),
        ("ours", "^1", "it is from the registry `company`, says the Cargo.toml of `app`"),
    ]


def test_dependencies_on_a_registry_with_a_name() -> None:
    """Then those without a registry are from crates.io."""
    found = needs(Upstream(["sparse+https://r.example/"], "company"))
    assert crates(found) == {"ours ^1": {"default"}}
    assert {one.name for one in found.left_out} >= {"plain", "real", "near"}
    reasons = {one.name: one.reason for one in found.left_out}
    assert reasons["plain"] == "it is from crates.io, says the Cargo.toml of `app`"


@pytest.mark.parametrize(
    ("targets", "dev", "without"),
    [
        (["x86_64-unknown-linux-gnu"], True, {"winapi ^0.3"}),
        (["i686-pc-windows-gnu"], False, {"plain ^1.4", "test ^1"}),
        ([], False, {"winapi ^0.3", "plain ^1.4", "test ^1"}),
    ],
)
def test_narrower_needs(targets: list[str], dev: bool, without: set[str]) -> None:
    """Other triples and dev-dependencies are left out silently; a `cfg(…)` always counts."""
    upstream = Upstream([CRATES_IO])
    everything = crates(needs(upstream)).keys()
    assert crates(needs(upstream, targets, dev=dev)).keys() == everything - without


def test_crates_that_replace_others_by_a_patch() -> None:
    """A crate of the upstream that replaces one of crates.io; what it replaces counts there."""
    patch = """
[package]
name = "app"
[dependencies]
log = { version = "0.4", features = ["std"] }
[patch.crates-io]
log = { version = "0.4.20", registry = "company" }
"""
    projects = parse_projects([patch])
    company = Upstream(["sparse+https://r.example/"], "company")
    found = project_needs(projects, company, None, dev=True)
    assert crates(found) == {"log ^0.4.20": {"default", "std"}}
    found = project_needs(projects, Upstream([CRATES_IO]), None, dev=True)
    assert crates(found) == {"log ^0.4": {"default", "std"}}
