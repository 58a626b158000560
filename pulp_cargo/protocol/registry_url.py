"""The URL of a registry is its identity (Cargo Book, Registry Index, "Sparse Protocol").

Cargo appends index paths to a sparse URL as text and compares URLs almost as text, so an invalid
one must be refused at publish: in the index it would break every consumer.
"""

import hashlib
import re
from urllib.parse import SplitResult

from pulp_cargo.protocol.errors import InvalidRegistryUrl
from pulp_cargo.protocol.urls import split_url

# Cargo identifies crates.io by the URL of its git index, even if it uses the sparse one.
CRATES_IO = "https://github.com/rust-lang/crates.io-index"
CRATES_IO_SPARSE = "sparse+https://index.crates.io/"

_GIT_SCHEMES = frozenset(["https", "http", "ssh", "git", "file"])
_SPARSE_SCHEMES = frozenset(["sparse+https", "sparse+http"])
_DEFAULT_PORTS = {"http": 80, "https": 443, "ssh": 22}
_LOOPBACK = frozenset(["localhost", "127.0.0.1", "::1"])
UNPRINTABLE = re.compile(r"[\x00-\x20\x7f\\]")


def parse_registry_url(text: str) -> str:
    """Validate the URL and return it unchanged; the error names the broken rule.

    >>> parse_registry_url("sparse+https://r.example/index/")
    'sparse+https://r.example/index/'
    """
    parts = _split(text)
    if parts.scheme not in _GIT_SCHEMES | _SPARSE_SCHEMES:
        _refuse(
            text, "it must be absolute: `sparse+https://…/`, or the https, ssh or file URL of git"
        )
    # Only in ssh URLs is the user no secret, as in `ssh://git@host/`.
    if parts.password is not None or (parts.username is not None and parts.scheme != "ssh"):
        raise InvalidRegistryUrl(
            f"the URL of the registry at `{parts.hostname}` cannot be used: it contains a user or"
            " password, which everyone who reads the index would see"
        )
    if parts.scheme != "file" and not parts.hostname:
        _refuse(text, "it has no host")
    if parts.scheme in _SPARSE_SCHEMES:
        if parts.query or parts.fragment:
            _refuse(text, "the URL of a sparse registry has neither a query nor a fragment")
        if not parts.path.endswith("/"):
            _refuse(text, "the URL of a sparse registry must end in `/`")
    return text


def same_registry(a: str, b: str) -> bool:
    """Return whether two URLs are one registry.

    Cargo ignores a final slash, a final `.git`, and letter case on github.com. All names of the
    local host are equal as well, since they cannot mean another machine's registry.

    >>> same_registry("sparse+http://localhost:8080/i/", "sparse+http://127.0.0.1:8080/i")
    True
    """
    return a == b or _identity(a) == _identity(b)


def is_crates_io(url: str) -> bool:
    """Return whether a URL means crates.io, under any of its names.

    >>> is_crates_io(f"{CRATES_IO}.git"), is_crates_io("sparse+https://r.example/i/")
    (True, False)
    """
    return same_registry(url, CRATES_IO) or same_registry(url, CRATES_IO_SPARSE)


def registry_digest(url: str) -> str:
    """Return a short text that is the same for all URLs that are one registry.

    Any text is accepted: the line of an upstream may have no URL there.

    >>> registry_digest("sparse+https://R.example/i/") == registry_digest("sparse+https://r.example/i")
    True
    """
    try:
        if is_crates_io(url):
            return "crates.io"
        identity = repr(_identity(url))
    except InvalidRegistryUrl:
        identity = url
    return hashlib.sha256(identity.encode("utf-8", "replace")).hexdigest()[:16]


def _identity(url: str) -> tuple[str, str | None, int | None, str, str]:
    parts = _split(url)
    scheme, host, path = parts.scheme, parts.hostname, parts.path.removesuffix("/")
    port = parts.port or _DEFAULT_PORTS.get(scheme.removeprefix("sparse+"))
    if scheme in _GIT_SCHEMES:
        path = path.removesuffix(".git")
        if host == "github.com":
            scheme, port, path = "https", 443, path.lower()
    if host in _LOOPBACK:
        host = "localhost"
    return scheme, host, port, path, parts.query


def _split(text: str) -> SplitResult:
    if UNPRINTABLE.search(text):
        _refuse(text, "it has a character that is not allowed in URLs")
    try:
        parts = split_url(text)
        _ = parts.port
    except ValueError as error:
        raise InvalidRegistryUrl(f"the registry URL {text!r} is not valid: {error}") from error
    return parts


def _refuse(text: str, rule: str) -> None:
    raise InvalidRegistryUrl(f"the registry URL {text!r} cannot be used: {rule}")
