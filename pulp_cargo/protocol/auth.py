"""Parsing `Authorization` headers (Cargo Book, Registry Authentication; RFC 7617 for Basic).

Cargo sends whatever the user stored, usually a token without any scheme.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field

from pulp_cargo.protocol.errors import NotAuthenticated

# The header with the credentials, in lower case (RFC 9110, 11.6.2).
CREDENTIAL = "authorization"

_VISIBLE = re.compile(r"[!-~]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_EXPECTED = "expected a token, `Bearer <token>`, `Token <token>` or `Basic <credentials>`"


@dataclass(frozen=True, slots=True)
class TokenCredential:
    """A token as `cargo login` stored it."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class BasicCredential:
    """A Pulp user and password."""

    username: str
    password: str = field(repr=False)


def parse_authorization(header: str | None) -> TokenCredential | BasicCredential | None:
    """Return the credentials in the header, None without a header.

    >>> parse_authorization("Basic dXNlcjpwdw==").username
    'user'
    """
    if header is None:
        return None
    words = header.split()
    if not all(_VISIBLE.fullmatch(word) for word in words):
        raise NotAuthenticated("the Authorization header has characters that a token cannot have")
    match words:
        case [secret] if secret.lower() not in ("bearer", "token", "basic"):
            return TokenCredential(secret)
        # Dependabot sends its registries' tokens as `Token`.
        case [scheme, secret] if scheme.lower() in ("bearer", "token"):
            return TokenCredential(secret)
        case [scheme, encoded] if scheme.lower() == "basic":
            return _basic(encoded)
    raise NotAuthenticated(f"the Authorization header is invalid: {_EXPECTED}")


def challenge(login_url: str) -> str:
    """Return the `WWW-Authenticate` value that lets `cargo login` name the page to visit.

    >>> challenge("https://r.example/me")
    'Cargo login_url="https://r.example/me"'
    """
    quoted = login_url.replace("\\", "\\\\").replace('"', '\\"')
    return f'Cargo login_url="{quoted}"'


def _basic(encoded: str) -> BasicCredential:
    try:
        text = base64.b64decode(encoded, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise NotAuthenticated("the Basic credentials are not Base64 of UTF-8 text") from error
    username, colon, password = text.partition(":")
    if not colon or _CONTROL.search(text):
        raise NotAuthenticated("the Basic credentials are not `user:password`")
    return BasicCredential(username, password)
