"""Who may do what: no action of ours is left without a word in its access policy."""

from typing import Any

import pytest

from pulp_cargo.tests.support.rest import Rest

# What the ends of operation ids stand for; other ends are the names of actions.
ACTIONS = {"read": "retrieve", "delete": "destroy"}
VIEWSETS = [
    "cargo/crate-policies",
    "cargo/tokens",
    "content/cargo/crates",
    "content/cargo/yanks",
    "distributions/cargo/cargo",
    "remotes/cargo/cargo",
    "repositories/cargo/cargo",
    "repositories/cargo/cargo/versions",
]


@pytest.mark.parametrize("viewset", VIEWSETS)
def test_every_action_has_a_statement(rest: Rest, document: dict[str, Any], viewset: str) -> None:
    """Pulp refuses an action without a statement to all but administrators, and never says why."""
    (policy,) = rest.list("access_policies/", viewset_name=viewset)
    stated = {action for one in policy["statements"] for action in one["action"]}
    assert stated == _actions(document, viewset)


def _actions(document: dict[str, Any], viewset: str) -> set[str]:
    prefix = viewset.replace("/", "_").replace("-", "_") + "_"
    longer = [name.replace("/", "_") + "_" for name in VIEWSETS if name.startswith(f"{viewset}/")]
    operations = [one for path in document["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations if "operationId" in one]
    ends = [
        name.removeprefix(prefix)
        for name in names
        if name.startswith(prefix) and not name.startswith(tuple(longer))
    ]
    return {ACTIONS.get(end, end) for end in ends}


def test_roles(rest: Rest) -> None:
    """The roles that the plugin brings, by what they let people do."""
    roles = {
        one["name"].removeprefix("cargo."): sorted(
            permission.removeprefix("cargo.") for permission in one["permissions"]
        )
        for one in rest.list("roles/", name__startswith="cargo.", limit=100)
    }
    assert set(roles) == {
        *(
            f"cargo{model}_{role}"
            for model in ("repository", "remote", "distribution", "cratepolicy")
            for role in ("creator", "owner", "viewer")
        ),
        "cargorepository_publisher",
        "cargodistribution_publisher",
        "cargodistribution_reader",
        "cargotoken_owner",
        "cargotoken_viewer",
    }
    assert roles["cargorepository_owner"] == [
        "change_cargorepository",
        "delete_cargorepository",
        "manage_roles_cargorepository",
        "modify_cargorepository",
        "repair_cargorepository",
        "sync_cargorepository",
        "view_cargorepository",
    ]
    assert roles["cargodistribution_publisher"] == [
        "change_owners_cargodistribution",
        "publish_cargodistribution",
        "read_cargodistribution",
        "view_cargodistribution",
        "yank_cargodistribution",
    ]
    assert roles["cargorepository_publisher"] == [
        "modify_cargorepository",
        "view_cargorepository",
    ]
    assert roles["cargorepository_creator"] == ["add_cargorepository"]
