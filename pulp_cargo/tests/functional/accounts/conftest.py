"""People at the account page of the shared stack."""

from collections.abc import Callable

import pytest

from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.visitor import Visitor


@pytest.fixture
def stranger(stack: Stack) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(stack.ready["api_url"])


@pytest.fixture
def person(stack: Stack) -> Rest:
    """A new user, as the REST API sees them."""
    return stack.rest.new_user()


@pytest.fixture
def signed_in(stack: Stack) -> Callable[[Rest], Visitor]:
    """Returns a user at the account page, who has signed in with the form."""

    def sign_in(rest: Rest) -> Visitor:
        visitor = Visitor(stack.ready["api_url"])
        assert rest.auth is not None
        answer = visitor.sign_in(*rest.auth)
        assert answer.status_code == 302, answer.text
        return visitor

    return sign_in


@pytest.fixture
def visitor(person: Rest, signed_in: Callable[[Rest], Visitor]) -> Visitor:
    """The new user at the account page."""
    return signed_in(person)
