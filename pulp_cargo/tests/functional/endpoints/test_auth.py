"""Who may read and write (Cargo Book, "Registry Authentication")."""

import base64
import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry, reads
from pulp_cargo.tests.support.stack import Stack

OTHER_SCHEMES = [
    "Digest abc", "Token", "Token a b", "Bearer", "Basic", "Bearer a b", "Basic ???", "Basic YQ==",
    "{token} x", "", "\xff\xfe", "Basic /////w==", "x" * 8000, "Bearer {token}x", "{token}x",
]  # fmt: skip


def writes(registry: Registry, token: str) -> list[Answer]:
    """Make every kind of write."""
    body = Crate("secret", "9.0.0").body(registry.index_url)
    return [
        registry.api("PUT", "crates/new", body, token=token),
        registry.yank("secret", token=token),
        registry.unyank("secret", token=token),
    ]


def test_anonymous_read_is_401_with_a_challenge(stack: Stack, private: Registry):
    """Never 403, by which cargo gives up; `cargo login` shows the page of the challenge [112]."""
    for answer in reads(private, None):
        assert answer.status == 401
        assert answer.detail
        challenge = answer.headers["www-authenticate"]
        url = re.fullmatch(r'Cargo login_url="(.+)"', challenge)[1]
        assert url == f"{stack.ready['api_url']}/pulp/cargo-account/?registry={private.name}"


def test_token_opens_everything(private: Registry):
    """And config.json says that index and downloads need it too [112]."""
    config, line, unknown, file, _ = reads(private, private.token)
    assert config.json()["auth-required"] is True
    assert (line.status, unknown.status, file.status) == (200, 404, 200)


@pytest.mark.parametrize(
    "form",
    [
        "{token}",
        "Bearer {token}",
        "bearer {token}",
        "BEARER {token}",
        "Basic {pair}",
        "basic {pair}",
    ],
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
    """401 with a challenge, so that cargo can ask for a token; also where everybody may read [116]."""
    there = {"public": registry, "private": private}[kind]
    with nothing(there, "secret"):
        body = Crate("secret", "9.0.0").body(there.index_url)
        answer = there.request("PUT", "api/v1/crates/new", body=body)
        assert (answer.status, "a valid token is required" in answer.detail) == (401, True)
        assert answer.headers["www-authenticate"].startswith("Cargo login_url=")


def test_expired_token_is_refused(stack: Stack, private: Registry):
    """The moment it expires, also where it was used just before [114]."""
    expires = datetime.now(UTC) + timedelta(seconds=5)
    token = stack.make_token(expires_at=expires.isoformat())
    assert private.index_file("secret", token=token).status == 200
    time.sleep(max(0, (expires - datetime.now(UTC)).total_seconds()) + 0.1)
    assert {answer.status for answer in reads(private, token)} == {401}
    assert {answer.status for answer in writes(private, token)} == {401}


def test_revoked_token_is_refused_at_once(stack: Stack, private: Registry):
    """Whatever the content app remembers [114]."""
    record = stack.make_token_record()
    token = record["token"]
    assert private.index_file("secret", token=token).status == 200
    stack.rest.delete(record["pulp_href"])
    assert {answer.status for answer in reads(private, token)} == {401}
    assert {answer.status for answer in writes(private, token)} == {401}


def test_token_is_stored_as_a_hash_and_not_logged(stack: Stack, private: Registry):
    """Whoever reads the database or the logs cannot publish [118]."""
    token = stack.make_token()
    private.index_file("secret", token=token)
    private.send(Crate("secret", "1.0.0"), token=token)
    with stack.connect() as connection:
        rows = connection.execute("SELECT t::text FROM cargo_cargotoken t").fetchall()
    assert rows and not any(token in row[0] for row in rows)
    logs = [log.read_bytes() for log in (stack.data_dir / "logs").glob("*.log")]
    assert any(logs)
    assert not any(token.encode() in log for log in logs)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "api/v1/crates?q=a", 200),
        ("GET", "api/v1/crates/secret/owners", 404),
        ("POST", "config.json", 405),
        ("GET", "no-such-thing", 404),
    ],
)
def test_strangers_do_not_learn_what_a_private_registry_has_not(
    stack: Stack, method: str, path: str, status: int
):
    """Search, unknown routes and wrong methods are 401 as well without a token [112]."""
    private = stack.make_registry(auth_required=True)
    assert private.request(method, path).status == 401
    assert private.request(method, path, token=private.token).status == status
