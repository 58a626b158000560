"""A user's own tokens are subject to the access policy of tokens in the REST API."""

import secrets
from typing import Any
from uuid import UUID

import pytest


def new_user() -> Any:
    """Save a user without roles."""
    from django.contrib.auth import get_user_model

    return get_user_model().objects.create(username=f"user-{secrets.token_hex(5)}")


def own_tokens(user: Any, distribution: UUID | None = None) -> Any:
    """The user's tokens in the default domain."""
    from pulpcore.plugin.util import get_default_domain

    from pulp_cargo.app.services.own_tokens import OwnTokens

    return OwnTokens(user, get_default_domain(), distribution)


def allow_only(monkeypatch: pytest.MonkeyPatch, *actions: str) -> None:
    """Have a policy by which users may do only this with tokens."""
    from pulp_cargo.app.models import CargoToken
    from pulp_cargo.app.models.core import get_viewset_for_model

    viewset = get_viewset_for_model(CargoToken)
    statement = {"action": list(actions), "principal": "authenticated", "effect": "allow"}
    policy = {
        "statements": [statement],
        "queryset_scoping": {"function": "scope_queryset"},
        "creation_hooks": None,
    }
    (permission,) = viewset.permission_classes
    monkeypatch.setattr(permission, "get_access_policy", classmethod(lambda cls, view: policy))


def test_user_owns_what_they_create() -> None:
    """The creator has the role on the token that the REST API gives, and so can delete it."""
    from pulp_cargo.app.models import CargoToken

    user = new_user()
    tokens = own_tokens(user)
    token = tokens.create(name="laptop", scopes=["read"])
    assert token.secret.startswith("pulp_cargo_")
    assert user.has_perm("cargo.delete_cargotoken", CargoToken.objects.get(pk=token.pk))
    assert [one.name for one in tokens.newest()] == ["laptop"]
    tokens.revoke(token.pk)
    assert list(tokens.newest()) == []


def test_policy_decides_who_creates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where users may not create tokens by the REST API, they may not by other ways."""
    from rest_framework.exceptions import PermissionDenied

    tokens = own_tokens(new_user())
    allow_only(monkeypatch, "list")
    with pytest.raises(PermissionDenied):
        tokens.create(name="laptop")
    assert list(tokens.newest()) == []


def test_policy_decides_who_revokes_and_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each action is looked up by its own name."""
    from rest_framework.exceptions import PermissionDenied

    from pulp_cargo.app.models import CargoToken

    tokens = own_tokens(new_user())
    token = tokens.create(name="laptop")
    allow_only(monkeypatch, "create")
    with pytest.raises(PermissionDenied):
        tokens.revoke(token.pk)
    with pytest.raises(PermissionDenied):
        tokens.newest()
    assert CargoToken.objects.filter(pk=token.pk).exists()


def test_tokens_of_others_are_missing_for_administrators_too() -> None:
    """They have a list of all tokens in the REST API; here they have their own."""
    from django.http import Http404

    token = own_tokens(new_user()).create(name="laptop")
    admin = new_user()
    admin.is_superuser = True
    admin.save()
    tokens = own_tokens(admin)
    assert list(tokens.newest()) == []
    with pytest.raises(Http404):
        tokens.revoke(token.pk)


def test_nobody_without_a_row_has_tokens() -> None:
    """A workload that another system vouches for is no user of this Pulp."""
    from rest_framework.exceptions import PermissionDenied

    class Workload:
        is_authenticated = True

    for call in (lambda one: one.newest(), lambda one: one.create(name="a")):
        with pytest.raises(PermissionDenied):
            call(own_tokens(Workload()))


def test_number_is_that_of_one_token() -> None:
    """It is found by the range of UUIDs that begin with the number."""
    from django.http import Http404

    from pulp_cargo.protocol.web_api.ids import numeric_id

    tokens = own_tokens(new_user())
    made = [tokens.create(name=f"t{count}") for count in range(3)]
    for token in made:
        assert tokens.numbered(numeric_id(token.pk)).pk == token.pk
    for number in (-1, numeric_id(made[0].pk) + 1, 2**53, 10**30):
        with pytest.raises(Http404):
            tokens.numbered(number)


def test_same_name_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the database refuses is a sentence, as what the serializer refuses."""
    from django.db import IntegrityError
    from rest_framework.exceptions import ValidationError

    from pulp_cargo.app.services import tokens as service

    def refuse(**fields: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(service, "issue", refuse)
    with pytest.raises(ValidationError, match="You already have a token with this name"):
        own_tokens(new_user()).create(name="laptop")
