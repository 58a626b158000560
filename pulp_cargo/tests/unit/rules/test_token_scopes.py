"""What a token is good for [115]."""

from datetime import UTC, datetime, timedelta

from pulp_cargo.rules.token_scopes import REGISTRY_SCOPES, Grant, Scope, is_expired

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_scopes_have_the_words_of_crates_io():
    """publish-new, publish-update, yank, change-owners, and `read` for private registries.

    `api` is for Pulp's own REST API, and no scope of a registry.
    """
    words = ["read", "publish-new", "publish-update", "yank", "change-owners"]
    assert [str(scope) for scope in Scope] == [*words, "api"]
    assert [str(scope) for scope in REGISTRY_SCOPES] == words


def test_token_ends_with_its_date():
    """At the very moment the token is over; without a date it never is."""
    assert not is_expired(None, NOW)
    assert is_expired(NOW, NOW)
    assert is_expired(NOW - timedelta(seconds=1), NOW)
    assert not is_expired(NOW + timedelta(seconds=1), NOW)


def test_scopes_are_checked_for_one_crate_until_the_token_ends():
    """A token without the scope, for other crates, or that is over allows nothing."""
    scopes, ends = frozenset({Scope.YANK}), NOW + timedelta(seconds=1)
    grant = Grant(1, "u", scopes, frozenset(Scope), ("acme-*",), ends, None)
    assert grant.allows(Scope.YANK, now=NOW)
    assert grant.allows(Scope.YANK, "acme-a", now=NOW)
    assert not grant.allows(Scope.YANK, "serde", now=NOW)
    assert not grant.allows(Scope.PUBLISH_NEW, "acme-a", now=NOW)
    assert not grant.allows(Scope.YANK, "acme-a", now=ends)
    everywhere = Grant(1, "u", scopes, frozenset(Scope), (), None, None)
    assert everywhere.allows(Scope.YANK, "serde", now=ends)
