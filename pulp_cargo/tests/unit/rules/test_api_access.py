"""Which requests to Pulp's REST API a token may send."""

import pytest

from pulp_cargo.rules.api_access import missing_scopes, needed_scopes
from pulp_cargo.rules.token_scopes import Scope

REPOSITORIES = "repositories/cargo/cargo"
DISTRIBUTIONS = "distributions/cargo/cargo"
CRATES = "content/cargo/crates"
BOTH = {Scope.PUBLISH_NEW, Scope.PUBLISH_UPDATE}
SAFE = ("list", "retrieve", "explain", "downloads", "held", "diff", "version_labels")


@pytest.mark.parametrize(
    ("endpoint", "action", "scopes"),
    [
        (REPOSITORIES, "list", {Scope.READ}),
        (f"{REPOSITORIES}/versions", "retrieve", {Scope.READ}),
        (DISTRIBUTIONS, "explain", {Scope.READ}),
        (DISTRIBUTIONS, "check", {Scope.READ}),
        (DISTRIBUTIONS, "downloads", {Scope.READ}),
        (REPOSITORIES, "diff", {Scope.READ}),
        (REPOSITORIES, "version_labels", {Scope.READ}),
        (REPOSITORIES, "label_version", set()),
        ("cargo/crate-policies", "held", {Scope.READ}),
        (REPOSITORIES, "create", set()),
        ("remotes/cargo/cargo", "partial_update", set()),
        (DISTRIBUTIONS, "destroy", set()),
        (DISTRIBUTIONS, "set_label", set()),
        (f"{REPOSITORIES}/versions", "destroy", set()),
        (REPOSITORIES, "yank", {Scope.YANK}),
        (REPOSITORIES, "add_owners", {Scope.CHANGE_OWNERS}),
        (REPOSITORIES, "import_crates", BOTH),
        (REPOSITORIES, "import_bundle", {*BOTH, Scope.YANK}),
        (REPOSITORIES, "sync", BOTH),
        (REPOSITORIES, "modify", {*BOTH, Scope.YANK}),
        (REPOSITORIES, "remove", {*BOTH, Scope.YANK}),
        (CRATES, "create", BOTH),
        (CRATES, "upload", BOTH),
        ("content/cargo/yanks", "list", {Scope.READ}),
        ("uploads", "create", BOTH),
        ("tasks", "retrieve", set()),
    ],
)
def test_request_needs_the_scope_of_what_it_does(
    endpoint: str, action: str, scopes: set[Scope]
) -> None:
    """In addition to `api`; management needs no other one."""
    assert needed_scopes(endpoint, action, is_safe=action in SAFE) == {Scope.API, *scopes}


@pytest.mark.parametrize(
    ("endpoint", "action"),
    [
        ("cargo/tokens", "list"),
        ("cargo/tokens", "create"),
        (REPOSITORIES, "add_role"),
        ("cargo/crate-policies", "remove_role"),
        ("users", "list"),
        ("groups", "create"),
        ("repositories", "list"),
        ("repositories/file/file", "list"),
        ("repositories/cargomore/x", "list"),
        ("task-schedules", "list"),
        ("orphans", "cleanup"),
        ("domains", "list"),
        ("", "list"),
    ],
)
def test_no_token_leads_further(endpoint: str, action: str) -> None:
    """Neither to tokens and roles, which would outlive it, nor to the rest of Pulp."""
    assert missing_scopes(endpoint, action, list(Scope), is_safe=action == "list") is None


def test_what_lacks_is_named() -> None:
    """A token for registries alone is not for the REST API."""
    registry = [Scope.READ, Scope.PUBLISH_NEW, Scope.YANK]
    for scopes, lacking in (
        (registry, {Scope.API}),
        ([Scope.API], {Scope.YANK}),
        ([Scope.API, Scope.YANK], set()),
    ):
        assert missing_scopes(REPOSITORIES, "yank", scopes, is_safe=False) == lacking
