"""Defaults in the schema are those that apply."""

from typing import Any

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.lock_file import lock_file, locked
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

DEFAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "cargo.CargoToken": ("cargo/tokens/", {}),
    "cargo.CargoUpstream": (DISTRIBUTIONS, {"upstreams": [{"name": "a"}]}),
    "cargo.CratePolicyLine": ("cargo/crate-policies/", {"block": [{"crate": "a"}]}),
    "cargo.CratePolicyException": (
        "cargo/crate-policies/",
        {"exceptions": [{"crate": "a", "reason": "b", "ends": "2099-01-01T00:00:00Z"}]},
    ),
}
# Those of actions, which show nothing: each is compared with the answer to what it stands for, here
# or in the tests of the action.
OF_ACTIONS = {
    "cargo.CheckClosure",
    "cargo.ClosureRoot",
    "cargo.DependencyScope",
    "cargo.ImportBundle",
    "cargo.ImportCrates",
    "cargo.LockFileCheck",
    "cargo.LockFileCheckText",
    "cargo.Promote",
    "cargo.Sync",
}


def test_each_default_is_the_one_that_applies(
    rest: Rest, document: dict[str, Any], repository: dict[str, Any]
) -> None:
    """A client that does not send a field counts on what the schema says of it."""
    defaults = {
        name: {
            field: described["default"]
            for field, described in schema.get("properties", {}).items()
            if "default" in described
        }
        for name, schema in document["components"]["schemas"].items()
        if name.startswith("cargo.") and not name.endswith("Response")
    }
    defaults = {name: fields for name, fields in defaults.items() if fields}
    assert sorted(defaults) == sorted({*DEFAULTS, *OF_ACTIONS})
    for schema, (path, fields) in DEFAULTS.items():
        name = unique("default")
        if path == DISTRIBUTIONS:
            fields["upstreams"][0]["repository"] = repository["pulp_href"]
            fields = {"base_path": name, **fields}
        made = rest.make(path, name=name, **fields)
        shown = next(
            (made[key][0] for key in ("upstreams", "block", "exceptions") if made.get(key)), made
        )
        assert {key: shown[key] for key in defaults[schema]} == defaults[schema], schema


def test_defaults_of_a_check_are_those_that_apply(
    stack: Stack, document: dict[str, Any], name: str
) -> None:
    """`offline` and `fail_on_yanked` are off unless they are sent."""
    fields = document["components"]["schemas"]["cargo.LockFileCheck"]["properties"]
    defaults = {field: one["default"] for field, one in fields.items() if "default" in one}
    assert defaults == {"offline": False, "fail_on_yanked": False}
    registry = stack.make_registry()
    registry.publish(Crate(name))
    registry.yank(name)
    lock = lock_file(locked(Crate(name), registry.index_url, f"sparse+{registry.url}"))
    check = f"{registry.href}check/"
    plain = stack.rest.post(check, lock_file=lock)
    assert plain["passes"] is True
    assert stack.rest.post(check, lock_file=lock, **defaults)["packages"] == plain["packages"]
    assert stack.rest.post(check, lock_file=lock, fail_on_yanked=True)["passes"] is False
