"""The Authorization header [112, 113]."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.auth import (
    BasicCredential,
    TokenCredential,
    challenge,
    parse_authorization,
)
from pulp_cargo.protocol.errors import NotAuthenticated
from pulp_cargo.tests.unit.protocol.properties import QUICK


def basic(text: bytes) -> str:
    return "Basic " + base64.b64encode(text).decode()


@pytest.mark.parametrize(
    ("header", "credential"),
    [
        (None, None),
        ("abc", TokenCredential("abc")),
        (" abc\t", TokenCredential("abc")),
        ("Bearer abc", TokenCredential("abc")),
        ("bEARER  abc", TokenCredential("abc")),
        ("Token abc", TokenCredential("abc")),
        ("tOKEN  abc", TokenCredential("abc")),
        ("Basic dXNlcjpwdw==", BasicCredential("user", "pw")),
        ("basic dXNlcjpwdw==", BasicCredential("user", "pw")),
        (basic(b"user:a:b"), BasicCredential("user", "a:b")),
        (basic("jürgen:ß".encode()), BasicCredential("jürgen", "ß")),
    ],
)
def test_what_cargo_may_send(header, credential):
    """Bare token, `Bearer token`, `Token token` and `Basic …` are accepted (113)."""
    assert parse_authorization(header) == credential


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Bearer",
        "Token",
        "token",
        "Basic",
        "Digest abc",
        "abc def",
        "Bearer a b",
        "Basic !",
        "Basic dXNlcg==",
        "tök",
        "a\x00b",
        "a\nb",
        basic(b"\xff:a"),
        basic(b"a\x00:b"),
        "Basic dXNlcjpwdw",
        "Basic dXNl!cjpwdw==",
        "Bearer \x7f",
    ],
)
def test_anything_else_is_not_authenticated(header):
    """Other schemes 401; garbage bytes never 500 (113)."""
    with pytest.raises(NotAuthenticated):
        parse_authorization(header)


@QUICK
@given(st.text() | st.binary().map(lambda data: "Basic " + base64.b64encode(data).decode()))
def test_any_header_is_a_credential_or_refused(header):
    """Nothing but NotAuthenticated comes of a bad header."""
    with contextlib.suppress(NotAuthenticated):
        assert parse_authorization(header) is not None


def test_secrets_are_not_in_the_repr():
    """Tokens are never logged, not even by a traceback that shows values (118)."""
    shown = repr([parse_authorization("s3cret"), parse_authorization(basic(b"user:s3cret"))])
    assert "s3cret" not in shown


def test_challenge_is_a_quoted_string():
    """`WWW-Authenticate: Cargo login_url="https://…/"` (112)."""
    assert challenge("https://r.example/me") == 'Cargo login_url="https://r.example/me"'
    assert challenge('https://r.example/"') == 'Cargo login_url="https://r.example/\\""'
    assert challenge("https://r.example/\\") == 'Cargo login_url="https://r.example/\\\\"'
