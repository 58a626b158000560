"""The commands of the guide to roles do what the guide says, as they are written."""

from collections.abc import Mapping

from pulp_cargo.tests.functional.docs.own_page import run_page
from pulp_cargo.tests.functional.docs.shell import DOCS, Shell
from pulp_cargo.tests.support.stack import DISTRIBUTIONS, Stack

PAGE = DOCS / "admin" / "guides" / "roles.md"


def test_roles_guide_works_as_written(
    stack: Stack, values: Mapping[str, str], shell: Shell
) -> None:
    """From a registry `team`, which the guide before it has made in the other shell."""
    try:
        run_page(PAGE, values)
    finally:
        (registry,) = stack.rest.list(DISTRIBUTIONS, name="team")
        # The guides for users share the registry, and know of no guard.
        stack.rest.patch(registry["pulp_href"], content_guard=None)
