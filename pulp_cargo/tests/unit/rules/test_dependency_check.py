"""Whether each dependency of a registry's versions is met: the check of all of them."""

import json
from dataclasses import dataclass
from typing import Any

from pulp_cargo.rules.closure import Dependent, Elsewhere, Scope, Unmet
from pulp_cargo.rules.dependency_check import DependencyCheck
from pulp_cargo.rules.matching import Reason


@dataclass(frozen=True, slots=True)
class Version:
    """A version; its line must not be read."""

    vers: str
    yanked: bool = False

    @property
    def line(self) -> str:
        """No line."""
        raise AssertionError


def line(*deps: dict[str, Any]) -> str:
    """Return an index line with dependencies."""
    return json.dumps({"deps": deps})


def test_requirements_are_checked_once_for_all_dependents() -> None:
    """A line that cargo skips has none."""
    check = DependencyCheck(Scope())
    needs = {"name": "alias", "package": "lib", "req": "^1"}
    other = {"name": "far", "req": "*", "registry": "sparse+https://r.example/"}
    for number in range(12):
        check.add("app", f"1.{number}.0", line(needs, other))
    check.add("bad", "1.0.0", line({"name": "gone", "req": "not one"}))
    check.add("tool", "1.0.0", line({"name": "gone", "req": "*", "kind": "dev"}))
    assert check.names == ["lib"]
    first = tuple(Dependent("app", f"1.{number}.0") for number in range(10))
    found = {"lib": [Version("0.9.0"), Version("1.0.0", yanked=True)]}
    unmet = Unmet("lib", "^1", Reason.ONLY_YANKED, ("1.0.0", "0.9.0"), first, 12)
    assert list(check.unmet(["lib"], found)) == [unmet]
    assert list(check.unmet(["lib"], {"lib": [Version("1.0.0")]})) == []
    assert next(check.unmet(["lib"], {})).reason is Reason.NO_CRATE
    elsewhere = Elsewhere("sparse+https://r.example/", "far", "*", first, 12)
    assert list(check.elsewhere) == [elsewhere]


def test_the_scope_leaves_dependencies_out() -> None:
    """Optional ones, and those for other targets."""
    scope = Scope(all_features=False, targets=frozenset(["wasm32-wasip1"]))
    check = DependencyCheck(scope)
    check.add(
        "app",
        "1.0.0",
        line(
            {"name": "a", "req": "*", "optional": True},
            {"name": "b", "req": "*", "target": "x86_64-apple-darwin"},
            {"name": "c", "req": "*", "target": "wasm32-wasip1"},
            {"name": "d", "req": "*", "target": "cfg(unix)"},
        ),
    )
    assert check.names == ["c", "d"]
