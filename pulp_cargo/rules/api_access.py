"""Which requests to Pulp's REST API a token may send, beyond what its user may do.

A request needs the scope `api`, and the scope of what it does to crates: whoever limited a token to
reading has done so for the REST API, too. Everything else that changes something is management, for
which `api` suffices. What would outlive the token or lift its limits is never allowed: tokens and
roles.
"""

from collections.abc import Collection

from pulp_cargo.rules.token_scopes import Scope

PUBLISHING = (Scope.PUBLISH_NEW, Scope.PUBLISH_UPDATE)
# Reports whose requests have a body; those without one are safe methods.
REPORTS = frozenset({"collisions_with", "check", "prefetch", "check_closure", "check_dependencies"})
CHANGES_OF_CRATES: dict[str, tuple[Scope, ...]] = {
    "upload": PUBLISHING,
    "import_crates": PUBLISHING,
    "import_bundle": (*PUBLISHING, Scope.YANK),
    "yank": (Scope.YANK,),
    "unyank": (Scope.YANK,),
    # They add and remove crates and yank marks.
    "modify": (*PUBLISHING, Scope.YANK),
    "remove": (*PUBLISHING, Scope.YANK),
    "sync": PUBLISHING,
    "promote": (*PUBLISHING, Scope.READ),
    "add_owners": (Scope.CHANGE_OWNERS,),
    "remove_owners": (Scope.CHANGE_OWNERS,),
}
ROLES = frozenset({"list_roles", "add_role", "remove_role"})
CONTENT = "content/cargo/"
TOKENS = "cargo/tokens"
# Endpoints of Pulp itself that the requests above lead to: tasks, and files sent in chunks.
TASKS, UPLOADS = "tasks", "uploads"
OURS = ("cargo/", "repositories/cargo/", "remotes/cargo/", "distributions/cargo/", CONTENT)


def needed_scopes(endpoint: str, action: str, *, is_safe: bool) -> frozenset[Scope] | None:
    """Return the scopes that a request needs, None if no token may send it.

    `is_safe` is whether its method changes nothing, as that of every list and object.

    >>> sorted(needed_scopes("repositories/cargo/cargo", "yank", is_safe=False))
    [<Scope.API: 'api'>, <Scope.YANK: 'yank'>]
    >>> needed_scopes("users", "list", is_safe=True)
    """
    if endpoint == TASKS:
        return frozenset({Scope.API})
    if endpoint == UPLOADS:
        return frozenset({Scope.API, *PUBLISHING})
    if not f"{endpoint}/".startswith(OURS) or endpoint == TOKENS or action in ROLES:
        return None
    if is_safe or action in REPORTS:
        return frozenset({Scope.API, Scope.READ})
    if endpoint.startswith(CONTENT) and action == "create":
        return frozenset({Scope.API, *PUBLISHING})
    return frozenset({Scope.API, *CHANGES_OF_CRATES.get(action, ())})


def missing_scopes(
    endpoint: str, action: str, scopes: Collection[Scope], *, is_safe: bool
) -> frozenset[Scope] | None:
    """Return the scopes that a token lacks for a request, None if no token may send it."""
    needed = needed_scopes(endpoint, action, is_safe=is_safe)
    return None if needed is None else needed - frozenset(scopes)
