"""A token may do the smaller of its scopes and its user's rights: every pair of both."""

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import ALL_SCOPES, Stack

# What the user may do, by the roles on the registry.
ROLES = {
    "nothing": set(),
    "reader": {"read"},
    "publisher": {"read", "publish-new", "publish-update", "yank"},
    "viewer": set(),
}
SCOPES = [["read"], ["publish-new"], ["publish-update"], ["yank"], list(ALL_SCOPES)]
# How a refusal is told: 401 lets cargo ask for another token, 403 is final.
REFUSED = {"read": 401, "publish-new": 403, "publish-update": 403, "yank": 403}


@pytest.mark.parametrize("role", ROLES)
def test_every_scope_with_a_role(stack: Stack, private: Registry, name: str, role: str) -> None:
    """Each kind of request, with a token of each set of scopes."""
    user = unique("user")
    stack.rest.make("users/", username=user, password=f"{user}-pw-1")
    if role != "nothing":
        body = {"users": [user], "role": f"cargo.cargodistribution_{role}"}
        stack.rest.post(f"{private.href}add_role/", **body)
    private.publish(Crate(name))
    for number, scopes in enumerate(SCOPES, 2):
        token = stack.make_token(user=user, scopes=scopes)
        told = {
            "read": private.index_file(name, token=token).status,
            "publish-new": private.send(Crate(f"{name}-{number}"), token=token).status,
            "publish-update": private.send(Crate(name, f"{number}.0.0"), token=token).status,
            "yank": private.yank(name, token=token).status,
        }
        may = ROLES[role] & set(scopes)
        assert told == {one: 200 if one in may else REFUSED[one] for one in told}, scopes
