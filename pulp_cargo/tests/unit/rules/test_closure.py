"""The closure of dependencies: what cargo may need for some crates, and what is amiss."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.closure import (
    Closure,
    ClosureSearch,
    Dependent,
    Elsewhere,
    Root,
    Scope,
    Unmet,
)
from pulp_cargo.rules.matching import (
    Reason,
    Take,
    newest,
    newest_of_each_range,
)

EVERYTHING = Scope()
ENABLED = Scope(all_features=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an index."""

    vers: str
    line: str
    yanked: bool = False


def line(vers: str, *deps: str | dict[str, object], yanked: bool = False, **more: object) -> Line:
    """Make a line; a dependency is `name requirement`, or a table."""
    tables = [dep if isinstance(dep, dict) else dependency(dep) for dep in deps]
    return Line(vers, json.dumps({"vers": vers, "deps": tables, **more}), yanked)


def dependency(text: str, **more: object) -> dict[str, object]:
    """Make a dependency, as the index has it."""
    name, _, req = text.partition(" ")
    return {"name": name, "req": req, "features": [], "default_features": True, **more}


def search(
    index: dict[str, list[Line]],
    *roots: Root | str,
    scope: Scope = EVERYTHING,
    take: Take[Line] = newest_of_each_range,
) -> Closure[Line]:
    """Search in an index; a root is one, or `name requirement`."""
    parsed = [root(one) if isinstance(one, str) else one for one in roots]
    searched = ClosureSearch(parsed, scope, take)
    while searched.missing:
        searched.add({name: index[name] for name in searched.missing if name in index})
    return searched.closure()


def root(text: str) -> Root:
    """Make a root of `name requirement`."""
    name, _, req = text.partition(" ")
    return Root(name, parse_requirement(req or "*"))


def names(closure: Closure[Line]) -> list[str]:
    """Return the versions of a closure, sorted."""
    return sorted(f"{one.name} {one.version.vers}" for one in closure.versions)


def test_a_closure_has_the_newest_version_of_each_requirement() -> None:
    """Two requirements of compatible versions both have their newest, since cargo may need either."""
    index = {
        "app": [line("1.0.0", "log ^0.4", "log2 *")],
        "log2": [line("1.0.0", "log =0.4.1")],
        "log": [line(vers) for vers in ("0.4.1", "0.4.10", "0.4.9", "0.5.0", "0.4.11-rc.1")],
    }
    assert names(search(index, "app")) == ["app 1.0.0", "log 0.4.1", "log 0.4.10", "log2 1.0.0"]


@pytest.mark.parametrize(
    ("take", "versions"),
    [
        (newest, ["2.0.0"]),
        (newest_of_each_range, ["0.1.1", "0.2.0", "1.9.0", "2.0.0"]),
        (lambda matching: matching, ["0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.9.0", "2.0.0"]),
    ],
)
def test_which_of_the_matching_versions_are_taken(take: Take[Line], versions: list[str]) -> None:
    """The newest one, that of each range of compatible versions, or all."""
    index = {"a": [line(v) for v in ("0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.9.0", "2.0.0")]}
    found = search(index, "a *", take=take)
    assert sorted(one.version.vers for one in found.versions) == versions


def test_a_pre_release_is_needed_only_if_a_requirement_names_one() -> None:
    """Cargo prefers no pre-release, and takes none for `*` [the rule of `semver`]."""
    index = {"a": [line("1.0.0-rc.1"), line("1.0.0-rc.2")]}
    assert names(search(index, "a ^1.0.0-rc.1")) == ["a 1.0.0-rc.2"]
    unmet = search(index, "a *").unmet
    assert unmet == (Unmet("a", "*", Reason.NO_VERSION, ("1.0.0-rc.2", "1.0.0-rc.1"), (), 0),)


def test_a_yanked_version_is_needed_only_if_it_is_named() -> None:
    """A lock file names versions; they count for requirements, too."""
    index = {
        "app": [line("1.0.0", "a ^1")],
        "a": [line("1.1.0", yanked=True), line("1.2.0", yanked=True)],
    }
    assert search(index, "app").unmet == (
        Unmet("a", "^1", Reason.ONLY_YANKED, ("1.2.0", "1.1.0"), (Dependent("app", "1.0.0"),), 1),
    )
    locked = search(index, "app", Root("a", vers="1.1.0"))
    assert names(locked) == ["a 1.1.0", "app 1.0.0"]
    assert not locked.unmet


def test_what_is_missing_names_who_needs_it() -> None:
    """Ten dependents by name, and all of them by number."""
    index = {f"app{n}": [line("1.0.0", "gone ^1", "old ^2")] for n in range(12)}
    index["old"] = [line("1.0.0")]
    gone, old = search(index, *index).unmet
    assert (gone.name, gone.reason, gone.there) == ("gone", Reason.NO_CRATE, ())
    assert (old.name, old.req, old.reason, old.there) == (
        "old",
        "^2",
        Reason.NO_VERSION,
        ("1.0.0",),
    )
    assert [str(one) for one in gone.needed_by] == [f"app{n} 1.0.0" for n in range(10)]
    assert gone.dependents == 12


def test_a_version_names_the_first_that_needs_it() -> None:
    """A root is needed by nobody."""
    index = {"app": [line("1.0.0", "a ^1")], "a": [line("1.0.0")]}
    found = {one.name: one.needed_by for one in search(index, "app").versions}
    assert found == {"app": None, "a": Dependent("app", "1.0.0")}


def test_only_the_dev_dependencies_of_roots_count() -> None:
    """Cargo never uses those of a dependency."""
    index = {
        "app": [line("1.0.0", "a ^1", dependency("test ^1", kind="dev"))],
        "a": [line("1.0.0", dependency("b ^1", kind="build"), dependency("bench ^1", kind="dev"))],
        "b": [line("1.0.0")],
        "test": [line("1.0.0")],
        "bench": [line("1.0.0")],
    }
    assert names(search(index, "app")) == ["a 1.0.0", "app 1.0.0", "b 1.0.0"]
    tested = search(index, Root("app", dev=True))
    assert names(tested) == ["a 1.0.0", "app 1.0.0", "b 1.0.0", "test 1.0.0"]


def test_renamed_dependencies_and_those_of_other_registries() -> None:
    """`package` is the crate; another registry is reported, since nothing here can serve it."""
    index = {
        "app": [
            line(
                "1.0.0",
                dependency("short ^1", package="long-name"),
                dependency("other ^1", registry="https://other.example/index/", package="theirs"),
            )
        ],
        "long-name": [line("1.0.0")],
        "theirs": [line("1.0.0")],
    }
    found = search(index, "app")
    assert names(found) == ["app 1.0.0", "long-name 1.0.0"]
    by = (Dependent("app", "1.0.0"),)
    assert found.elsewhere == (Elsewhere("https://other.example/index/", "theirs", "^1", by, 1),)


def test_names_are_compared_exactly() -> None:
    """Cargo finds `foo-bar` for no dependency on `foo_bar`."""
    index = {"app": [line("1.0.0", "foo_bar ^1")], "foo-bar": [line("1.0.0")]}
    assert [one.reason for one in search(index, "app").unmet] == [Reason.NO_CRATE]


def test_targets_are_compared_if_they_are_triples() -> None:
    """A `cfg(…)` counts for every target, which is over-approximated."""
    linux, windows = "x86_64-unknown-linux-gnu", "x86_64-pc-windows-msvc"
    index = {
        "app": [
            line(
                "1.0.0",
                dependency("a ^1", target=linux),
                dependency("b ^1", target=windows),
                dependency("c ^1", target="cfg(windows)"),
            )
        ],
        **{name: [line("1.0.0")] for name in "abc"},
    }
    assert names(search(index, "app")) == ["a 1.0.0", "app 1.0.0", "b 1.0.0", "c 1.0.0"]
    on_linux = search(index, "app", scope=Scope(targets=frozenset([linux])))
    assert names(on_linux) == ["a 1.0.0", "app 1.0.0", "c 1.0.0"]


OPTIONAL = {
    "app": [line("1.0.0", dependency("lib ^1", features=["net"], default_features=False))],
    "lib": [
        line(
            "1.0.0",
            "base ^1",
            *(dependency(f"{name} ^1", optional=True) for name in ("a", "b", "c", "d", "e")),
            features={
                "default": ["a"],
                "net": ["deep", "base/extra"],
                "deep": ["dep:b", "c?/fast"],
            },
            features2={"unused": ["dep:e"]},
        )
    ],
    "base": [line("1.0.0", dependency("f ^1", optional=True), features={"extra": ["f"]})],
    "c": [line("1.0.0", dependency("g ^1", optional=True), features={"fast": ["dep:g"]})],
    **{name: [line("1.0.0")] for name in ("a", "b", "d", "e", "f", "g")},
}


@pytest.mark.parametrize(
    ("roots", "scope", "found"),
    [
        (["app"], Scope(), "a app b base c d e f g lib"),
        (["app"], ENABLED, "app b base c f g lib"),
        ([Root("lib", features=frozenset())], ENABLED, "a base lib"),
        ([Root("lib", features=frozenset(), default_features=False)], ENABLED, "base lib"),
        ([Root("lib", features=frozenset(["d"]))], ENABLED, "a base d lib"),
        (["lib"], ENABLED, "a b base c d e f g lib"),
    ],
)
def test_optional_dependencies_are_those_of_enabled_features(
    roots: list[Root | str], scope: Scope, found: str
) -> None:
    """A root has all features unless it is narrowed; `c?/fast` needs `c`, as in cargo's lock files."""
    assert (
        " ".join(name.split()[0] for name in names(search(OPTIONAL, *roots, scope=scope))) == found
    )


def test_a_feature_enabled_later_adds_dependencies() -> None:
    """The second dependent enables what the first did not, after the crate was looked up."""
    index = {
        "app": [line("1.0.0", "lib ^1", "late ^1")],
        "late": [line("1.0.0", "later ^1")],
        "later": [line("1.0.0", dependency("lib ^1", features=["x"]))],
        "lib": [line("1.0.0", dependency("y ^1", optional=True), features={"x": ["dep:y"]})],
        "y": [line("1.0.0")],
    }
    found = names(search(index, "app", scope=ENABLED))
    assert found == ["app 1.0.0", "late 1.0.0", "later 1.0.0", "lib 1.0.0", "y 1.0.0"]


@pytest.mark.parametrize(
    "bad",
    [
        Line("1.9.0", "not json"),
        line("1.9.0", v=3),
        line("1.9.0", "a >>1"),
        Line("1.9.0", '{"deps":{}}'),
        line("1.9"),
    ],
)
def test_a_line_that_cargo_skips_is_no_version(bad: Line) -> None:
    """The next newest is used instead."""
    assert names(search({"a": [line("1.0.0"), bad]}, "a ^1")) == ["a 1.0.0"]


def test_each_round_looks_up_many_crates_at_once() -> None:
    """As many look-ups as the graph has levels."""
    index = {
        "app": [line("1.0.0", "a ^1", "b ^1", "c ^1")],
        **{name: [line("1.0.0", "app ^1", "z ^1")] for name in "abc"},
    }
    searched = ClosureSearch[Line]([root("app")])
    rounds: list[list[str]] = []
    while searched.missing:
        rounds.append(searched.missing)
        searched.add(_known(index, searched.missing))
    assert rounds == [["app"], ["a", "b", "c"], ["z"]]
    assert searched.size == 4


def _known(index: dict[str, list[Line]], wanted: Iterable[str]) -> dict[str, list[Line]]:
    return {name: index[name] for name in wanted if name in index}
