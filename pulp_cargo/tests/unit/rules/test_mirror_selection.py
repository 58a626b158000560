"""What a sync mirrors."""

import json
from dataclasses import replace
from typing import Any

import pytest

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.lock_file import parse_lock_file
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.closure import Scope
from pulp_cargo.rules.mirror_selection import (
    Offered,
    Selection,
    WantedCrate,
    locked_names,
    locked_packages,
    parse_wanted_crate,
    selection_of,
)
from pulp_cargo.rules.project_needs import LeftOut, NeededCrate

OFFERED = [
    Offered("serde-core", vers, vers == "2.0.0")
    for vers in ("0.9.0", "1.0.0", "1.0.1-rc.1", "1.1.0", "2.0.0", "10.0.0")
]
LOCK = """
[[package]]
name = "app"
version = "1.0.0"
[[package]]
name = "serde-core"
version = "2.0.0"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "{cksum}"
[[package]]
name = "other"
version = "1.0.0"
source = "sparse+https://r.example/i/"
""".format(cksum="c" * 64)


def chosen(selection: Selection) -> list[str]:
    """Return the versions that are mirrored, in the order of the index."""
    found = selection.choose("serde-core", OFFERED)
    return [one.vers for one in OFFERED if one.vers in found]


@pytest.mark.parametrize(
    ("selection", "versions"),
    [
        (Selection(), "0.9.0 1.0.0 1.0.1-rc.1 1.1.0 2.0.0 10.0.0"),
        (Selection(yanked=False), "0.9.0 1.0.0 1.0.1-rc.1 1.1.0 10.0.0"),
        (Selection(newest=2), "1.1.0 10.0.0"),
        (Selection((parse_wanted_crate("Serde_*@1"),)), "1.0.0 1.0.1-rc.1 1.1.0"),
        (Selection((parse_wanted_crate("serde-core@1"),), newest=1), "1.1.0"),
        (Selection((parse_wanted_crate("serde-core@=1.0.1-rc.1"),), newest=1), "1.0.1-rc.1"),
        (Selection((parse_wanted_crate("serde"),)), ""),
        (Selection((), {("serde_core", "2.0.0"): None}, yanked=False), "2.0.0"),
        (
            Selection((WantedCrate("serde-core"),), {("serde_core", "0.9.0"): None}, newest=1),
            "0.9.0 10.0.0",
        ),
    ],
    ids=str,
)
def test_versions_that_are_chosen(selection: Selection, versions: str) -> None:
    """Requirements include pre-releases; versions in a lock file are always chosen."""
    assert chosen(selection) == versions.split()


def test_names_that_need_no_list_of_all_crates() -> None:
    """A pattern can only be resolved with one."""
    assert Selection().names is None
    assert Selection((WantedCrate("a"), WantedCrate("b-*"))).names is None
    assert Selection((WantedCrate("a"),), {("b", "1.0.0"): None}).names == {"a", "b"}


def test_names_of_lock_files_are_those_that_they_write() -> None:
    """An index has the file of a crate under its own name only, which may have both characters."""
    text = LOCK.replace("serde_core", "serde_core-impl").replace("serde-core", "serde_core-impl")
    lock = parse_lock_file(text)
    registries = ["https://github.com/rust-lang/crates.io-index"]
    spelled = locked_names([lock], registries)
    assert spelled == {"serde_core-impl"}
    selection = Selection((), locked_packages([lock], registries), spelled)
    assert selection.names == {"serde_core-impl"}
    assert selection_of(json.loads(json.dumps(selection.values))) == selection


def test_packages_of_lock_files() -> None:
    """Only those from the upstream, whatever name it has there."""
    lock = parse_lock_file(LOCK)
    crates_io = locked_packages([lock], ["https://github.com/rust-lang/crates.io-index.git"])
    assert crates_io == {("serde_core", "2.0.0"): "c" * 64}
    assert locked_packages([lock], ["sparse+https://r.example/i"]) == {("other", "1.0.0"): None}
    assert locked_packages([lock], ["https://r.example"]) == {}
    locked = Selection((), crates_io)
    assert locked.other_checksum("Serde-core", "2.0.0", "d" * 64) == "c" * 64
    assert locked.other_checksum("serde-core", "2.0.0", "c" * 64) is None
    assert locked.other_checksum("serde-core", "1.0.0", "d" * 64) is None


def test_selection_in_json() -> None:
    """A task gets it as JSON; the digest is the same for the same selection."""
    crates = (parse_wanted_crate("a@^1, <1.5"), parse_wanted_crate("b-*"))
    selection = Selection(crates, {("c", "1.0.0"): "d" * 64}, newest=3, yanked=False, closure=True)
    assert selection_of(selection.values) == selection
    assert Selection(crates[::-1]).digest == Selection(crates).digest
    assert Selection(crates[:1]).digest != Selection(crates).digest


@pytest.mark.parametrize("text", ["", "a b", "*a", "a@", "a@one", "a@1@2", "-"])
def test_crates_that_are_refused(text: str) -> None:
    """The error quotes the crate or the requirement."""
    with pytest.raises(RegistryError):
        parse_wanted_crate(text)


def needing(*reqs: str, **fields: Any) -> Selection:
    """Return the selection for a project with these requirements."""
    needed = [NeededCrate("serde-core", parse_requirement(req)) for req in reqs]
    return Selection(needed={"serde_core": tuple(needed)}, **fields)


@pytest.mark.parametrize(
    ("selection", "versions"),
    [
        (needing("1"), "1.0.0 1.1.0"),
        (needing("1.0.1-rc.1"), "1.0.1-rc.1 1.1.0"),
        (needing("0.9", "1", newest=1), "0.9.0 1.1.0"),
        (needing(">=1", newest=1, yanked=False), "10.0.0"),
        (needing("=2.0.0"), "2.0.0"),
        (needing("=2.0.0", yanked=False), ""),
    ],
    ids=str,
)
def test_versions_for_projects(selection: Selection, versions: str) -> None:
    """Cargo's rule for pre-releases counts, and the newest ones of each requirement are chosen."""
    assert chosen(selection) == versions.split()
    assert selection.names == {"serde-core"}
    assert selection.wants_crate("Serde_Core")
    assert not selection.wants_crate("serde")
    assert {one.vers for one in OFFERED if selection.wants(one)} >= set(versions.split())


def test_features_of_roots() -> None:
    """Those that the projects enable; the others have all, or those of the selection."""
    needed = NeededCrate("a", parse_requirement("1"), frozenset(["x"]))
    needs = Selection(needed={"a": (needed,)})
    assert needs.root("a", "1.0.0").features == {"x"}
    assert not needs.root("a", "1.0.0").default_features
    assert needs.root("a", "2.0.0").features == frozenset()
    both = replace(needs, crates=(WantedCrate("a"), WantedCrate("b")))
    assert both.root("a", "1.0.0").features is None
    narrow = replace(both, features=("y", "A/z", "b/w"), all_features=False)
    assert narrow.root("a", "1.0.0").features == {"default", "x", "y", "z"}
    assert narrow.root("b", "1.0.0").features == {"default", "y", "w"}
    assert narrow.scope == Scope(all_features=False)


def test_selection_for_projects_in_json() -> None:
    """A task gets all of it."""
    selection = needing(
        "1",
        "2",
        closure=True,
        left_out=(LeftOut("b", "^1", "why"),),
        all_features=False,
        features=("x",),
        targets=("x86_64-unknown-linux-gnu",),
    )
    assert selection_of(json.loads(json.dumps(selection.values))) == selection
    of_older_pulp = {"crates": ["a"], "locked": [], "newest": None, "yanked": True, "closure": True}
    assert selection_of(of_older_pulp) == Selection((WantedCrate("a"),), closure=True)
