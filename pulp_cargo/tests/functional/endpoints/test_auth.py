"""Who may read and write (Cargo Book, "Registry Authentication")."""

import base64
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry
from pulp_cargo.tests.support.stack import Stack

OTHER_SCHEMES = [
    "Digest abc", "Token {token}", "Bearer", "Basic", "Bearer a b", "Basic ???", "Basic YQ==",
    "{token} x", "", "\xff\xfe", "Basic /////w==", "x" * 8000, "Bearer {token}x", "{token}x",
]  # fmt: skip


@pytest.fixture(scope="module")
def private(stack: Stack) -> Registry:
    """A registry that asks for a token on reads, with the crate `secret` in it."""
    registry = stack.make_registry(auth_required=True)
    registry.publish(Crate("secret"))
    return registry


def reads(registry: Registry, token: str | None) -> list[Answer]:
    """Make every kind of read."""
    return [
        registry.get("config.json", token=token),
        registry.index_file("secret", token=token),
        registry.index_file("unknown", token=token),
        registry.download("secret", token=token),
        registry.download("unknown", token=token),
        registry.get("api/v1/crates?q=secret", token=token),
    ]


def writes(registry: Registry, token: str) -> list[Answer]:
    """Make every kind of write."""
    body = Crate("secret", "9.0.0").body(registry.index_url)
    return [
        registry.api("PUT", "crates/new", body, token=token),
        registry.yank("secret", token=token),
        registry.unyank("secret", token=token),
    ]


def test_anonymous_read_is_401_with_a_challenge(private: Registry):
    """Never 403, by which cargo gives up; `cargo login` shows the page of the challenge [112]."""
    for answer in reads(private, None)[:5]:
        assert answer.status == 401
        assert answer.detail
        challenge = answer.headers["www-authenticate"]
        url = re.fullmatch(r'Cargo login_url="(.+)"', challenge)[1]
        assert url == f"{private.url}me"


def test_token_opens_everything(private: Registry):
    """And config.json says that index and downloads need it too [112]."""
    config, line, unknown, file, _, _ = reads(private, private.token)
    assert config.json()["auth-required"] is True
    assert (line.status, unknown.status, file.status) == (200, 404, 200)


@pytest.mark.parametrize(
    "form", ["{token}", "Bearer {token}", "bearer {token}", "BEARER {token}", "Basic {pair}", "basic {pair}"]
)
def test_forms_of_the_header(stack: Stack, private: Registry, form: str):
    """Whatever the user stored: bare, Bearer, or Basic with a token for password [113]."""
    pair = base64.b64encode(f"anybody:{private.token}".encode()).decode()
    header = form.format(token=private.token, pair=pair)
    assert private.index_file("secret", token=header).status == 200


def test_user_and_password(stack: Stack, private: Registry):
    """Pulp's own users are let in by Basic, too [113]."""
    words = f"{stack.ready['admin_user']}:{stack.ready['admin_password']}"
    header = f"Basic {base64.b64encode(words.encode()).decode()}"
    assert private.index_file("secret", token=header).status == 200
    wrong = f"Basic {base64.b64encode(b'admin:wrong').decode()}"
    assert private.index_file("secret", token=wrong).status == 401


@pytest.mark.parametrize("header", OTHER_SCHEMES, ids=lambda header: ascii(header)[:20])
def test_other_header_is_401(private: Registry, nothing: NothingStored, header: str):
    """Other schemes, wrong tokens and garbage are never a server error [113, 114]."""
    header = header.format(token=private.token)
    sent = {"Authorization": header}
    for path in ("config.json", "se/cr/secret", "api/v1/crates/secret/1.0.0/download"):
        answer = private.request("GET", path, headers=sent)
        assert answer.status == 401
        assert answer.detail
    answer = private.request("DELETE", "api/v1/crates/secret/1.0.0/yank", headers=sent)
    assert answer.status == 401
    assert answer.detail


@pytest.mark.parametrize("kind", ["public", "private"])
def test_anonymous_write_is_refused(
    registry: Registry, private: Registry, nothing: NothingStored, kind: str
):
    """Also on a registry that everybody may read [116]."""
    there = {"public": registry, "private": private}[kind]
    with nothing(there, "secret"):
        body = Crate("secret", "9.0.0").body(there.index_url)
        answer = there.request("PUT", "api/v1/crates/new", body=body)
        assert answer.status in (401, 403)
        assert "token" in answer.detail


def test_expired_token_is_refused(stack: Stack, private: Registry):
    """The moment it expires, also where it was used just before [114]."""
    expires = datetime.now(UTC) + timedelta(seconds=2)
    token = stack.make_token(expires_at=expires.isoformat())
    assert private.index_file("secret", token=token).status == 200
    time.sleep(max(0, (expires - datetime.now(UTC)).total_seconds()) + 0.1)
    assert {answer.status for answer in reads(private, token)[:5]} == {401}
    assert {answer.status for answer in writes(private, token)} <= {401, 403}


def test_revoked_token_is_refused_at_once(stack: Stack, private: Registry):
    """Whatever the content app remembers [114]."""
    record = stack.make_token_record()
    token = record["token"]
    assert private.index_file("secret", token=token).status == 200
    stack.rest.delete(record["pulp_href"])
    assert {answer.status for answer in reads(private, token)[:5]} == {401}
    assert {answer.status for answer in writes(private, token)} <= {401, 403}


@pytest.mark.parametrize("scope", ["read", "publish-new", "publish-update", "yank", "change-owners"])
def test_scope_allows_just_its_own(stack: Stack, private: Registry, name: str, scope: str):
    """A scoped token is refused everything else, with the scope in the sentence [115, 116]."""
    token = stack.make_token(scopes=[scope])
    private.publish(Crate(name))
    attempts = {
        "publish-new": private.send(Crate(f"{name}-new"), token=token),
        "publish-update": private.send(Crate(name, "2.0.0"), token=token),
        "yank": private.yank(name, token=token),
        "read": private.index_file(name, token=token),
    }
    for needed, answer in attempts.items():
        if needed == scope:
            assert answer.status == 200, answer
        elif needed == "read":
            assert answer.status == 401, answer
        else:
            assert (answer.status, needed in answer.detail) == (403, True), answer


def test_crate_patterns(stack: Stack, registry: Registry, name: str):
    """Names, and beginnings of names with a star; spellings do not matter [115]."""
    token = stack.make_token(crate_patterns=[f"{name}-core", f"{name}-x-*"])
    allowed = [f"{name}-core", f"{name}-x-a", f"{name}_x_b"]
    refused = [f"{name}-core2", name, f"{name}-x", f"{name}-y-a"]
    assert [registry.send(Crate(one), token=token).status for one in allowed] == [200] * 3
    for one in refused:
        answer = registry.send(Crate(one), token=token)
        assert (answer.status, f"`{one}`" in answer.detail) == (403, True)
    registry.publish(Crate(f"{name}-y-a"))
    assert registry.yank(f"{name}-y-a", token=token).status == 403
    assert registry.yank(allowed[0], token=token).status == 200


def test_refused_publish_stores_nothing(
    stack: Stack, registry: Registry, nothing: NothingStored, name: str
):
    """Neither for a bad token nor for a missing scope [114, 116]."""
    reader = stack.make_token(scopes=["read"])
    new_only = stack.make_token(scopes=["publish-new"])
    registry.publish(Crate(name))
    with nothing(registry, name):
        for token, status in (("nonsense", {401, 403}), (reader, {403}), (new_only, {403})):
            answer = registry.send(Crate(name, "2.0.0"), token=token)
            assert answer.status in status
            assert answer.detail


def test_token_of_one_distribution_is_for_no_other(stack: Stack, private: Registry, registry: Registry):
    """It is as if it did not exist [114, 117]."""
    token = stack.make_token(distribution=private.href)
    assert private.index_file("secret", token=token).status == 200
    assert registry.send(Crate("anything", "1.0.0"), token=token).status in (401, 403)


def test_private_registries_do_not_know_each_other(stack: Stack, private: Registry):
    """What is in one cannot be read, or told from what is nowhere, through another [117]."""
    other = stack.make_registry(auth_required=True)
    token = stack.make_token(distribution=other.href)
    told = {answer.status for answer in reads(private, token)[:5]}
    assert told == {401}
    assert other.index_file("secret", token=token).status == 404
    assert other.download("secret", token=token).status == 404
    known, unknown = (private.index_file(one).body for one in ("secret", "unknown"))
    assert known == unknown


def test_token_is_stored_as_a_hash_and_not_logged(stack: Stack, private: Registry):
    """Whoever reads the database or the logs cannot publish [118]."""
    token = stack.make_token()
    private.index_file("secret", token=token)
    private.send(Crate("secret", "1.0.0"), token=token)
    with stack.connect() as connection:
        rows = connection.execute("SELECT t::text FROM cargo_cargotoken t").fetchall()
    assert rows and not any(token in row[0] for row in rows)
    logs = (stack.data_dir / "logs").glob("*.log")
    assert not any(token.encode() in log.read_bytes() for log in logs)


def test_user_without_a_role_gets_no_more_by_a_token(stack: Stack, private: Registry, name: str):
    """A token can do only what its user could; a role on the registry lets the user in [115]."""
    user = stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    token = stack.make_token(user=name)
    assert private.index_file("secret", token=token).status == 401
    assert private.send(Crate(name), token=token).status == 403
    role = "cargo.cargodistribution_publisher"
    stack.rest.post(f"{private.href}add_role/", users=[name], role=role)
    assert private.index_file("secret", token=token).status == 200
    assert private.send(Crate(name), token=token).status == 200
    stack.rest.delete(user["pulp_href"])
    assert private.index_file("secret", token=token).status == 401


def test_content_guard_is_401_for_those_it_does_not_let_in(stack: Stack, name: str):
    """A guard of Pulp's is asked with the user of the token, and refuses as cargo needs it [112]."""
    guard = stack.rest.make("contentguards/core/rbac/", name=name)
    guarded = stack.make_registry(content_guard=guard["pulp_href"])
    guarded.publish(Crate("secret"))
    stack.rest.make("users/", username=name, password=f"{name}-pw-1")
    token = stack.make_token(user=name)
    for header in (None, "nonsense", token):
        for answer in reads(guarded, header)[:5]:
            assert answer.status == 401
            assert answer.headers["www-authenticate"].startswith("Cargo login_url=")
    role = "core.rbaccontentguard_downloader"
    stack.rest.post(f"{guard['pulp_href']}add_role/", users=[name], role=role)
    config, line, unknown, file, _, _ = reads(guarded, token)
    assert config.json()["auth-required"] is True
    assert (line.status, unknown.status, file.status) == (200, 404, 200)
