"""URLs of registries [24, 25, 93]."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import InvalidRegistryUrl, RegistryError
from pulp_cargo.protocol.registry_url import (
    CRATES_IO,
    CRATES_IO_SPARSE,
    is_crates_io,
    parse_registry_url,
    same_registry,
)
from pulp_cargo.tests.unit.protocol.properties import QUICK

LEGAL = [
    CRATES_IO,
    "sparse+https://r.example/",
    "sparse+http://localhost:8080/pulp/cargo/private/",
    "sparse+http://[::1]:8080/i/",
    "https://r.example/index.git",
    "ssh://git@r.example/index",
    "file:///srv/index",
]
ABSOLUTE = "it must be absolute: `sparse+https://…/`, or the https, ssh or file URL of git"
ILLEGAL = [
    ("", ABSOLUTE),
    ("mine", ABSOLUTE),
    ("/srv/index", ABSOLUTE),
    ("r.example/index/", ABSOLUTE),
    ("sparse+/index/", ABSOLUTE),
    ("sparse+ssh://r.example/index/", ABSOLUTE),
    ("ftp://r.example/index", ABSOLUTE),
    ("git@r.example:index.git", ABSOLUTE),
    ("sparse+https://r.example", "the URL of a sparse registry must end in `/`"),
    ("sparse+https://r.example/index", "the URL of a sparse registry must end in `/`"),
    ("sparse+https:///index/", "it has no host"),
    (
        "sparse+https://r.example/index/?a=/",
        "the URL of a sparse registry has neither a query nor a fragment",
    ),
    (
        "sparse+https://r.example/index/#/",
        "the URL of a sparse registry has neither a query nor a fragment",
    ),
    ("https://r.example/a b", "it has a character that is not allowed in URLs"),
    ("https://r.example/\n", "it has a character that is not allowed in URLs"),
]
SAME = [
    ("sparse+https://r.example/i/", "sparse+https://r.example/i"),
    ("https://r.example/i.git", "https://r.example/i"),
    ("http://github.com/rust-lang/crates.io-index", CRATES_IO),
    ("https://github.com/Rust-lang/Crates.io-index.git/", CRATES_IO),
    ("sparse+http://localhost:8080/i/", "sparse+http://127.0.0.1:8080/i/"),
    ("sparse+http://[::1]:8080/i/", "sparse+http://127.0.0.1:8080/i/"),
    ("sparse+https://R.example/i/", "sparse+https://r.example:443/i/"),
]
DIFFERENT = [
    ("sparse+https://r.example/i/", "sparse+http://r.example/i/"),
    ("sparse+https://r.example/i/", "https://r.example/i/"),
    ("sparse+https://r.example/i/", "sparse+https://r.example/j/"),
    ("sparse+https://r.example/i/", "sparse+https://r.example/I/"),
    ("sparse+https://r.example/i.git/", "sparse+https://r.example/i/"),
    ("sparse+http://localhost:8080/i/", "sparse+http://127.0.0.1:8081/i/"),
    ("sparse+http://localhost/i/", "sparse+https://localhost/i/"),
    ("sparse+https://localhost/i/", "sparse+https://r.example/i/"),
]


@pytest.mark.parametrize("url", LEGAL)
def test_legal_url_is_kept_verbatim(url):
    """The string is the identity: it is stored and emitted as it came (24)."""
    assert parse_registry_url(url) == url


@pytest.mark.parametrize(("url", "rule"), ILLEGAL)
def test_illegal_url_is_refused(url: str, rule: str) -> None:
    """Relative or slash-less sparse registry URL in a dep: 400 (93), with the rule it breaks."""
    with pytest.raises(InvalidRegistryUrl) as error:
        parse_registry_url(url)
    assert str(error.value) == f"the registry URL {url!r} cannot be used: {rule}"


@pytest.mark.parametrize(
    "url",
    [
        "https://user@r.example/i",
        "https://user:secret@r.example/i",
        "https://:secret@r.example/i",
        "sparse+https://user@r.example/i/",
        "ssh://git:secret@r.example/i",
    ],
)
def test_url_with_a_secret_is_refused_without_it(url: str) -> None:
    """Over ssh a user is none, and a password is one."""
    with pytest.raises(InvalidRegistryUrl) as error:
        parse_registry_url(url)
    assert str(error.value) == (
        "the URL of the registry at `r.example` cannot be used: it contains a user or password,"
        " which everyone who reads the index would see"
    )


@pytest.mark.parametrize("url", ["https://r.example:port/", "https://[::1/"])
def test_url_that_cannot_be_parsed_is_refused(url: str) -> None:
    """Its port is no number, or its host no address."""
    with pytest.raises(InvalidRegistryUrl, match="is not valid"):
        parse_registry_url(url)


@pytest.mark.parametrize(("a", "b"), SAME)
def test_one_registry_by_two_urls(a, b):
    """Cargo forgives a final slash, `.git`, case on github.com; we forgive names of loopback (25)."""
    assert same_registry(a, b)
    assert same_registry(b, a)


@pytest.mark.parametrize(("a", "b"), DIFFERENT)
def test_two_registries(a, b):
    """Another scheme, port, host or path is a different registry."""
    assert not same_registry(a, b)


@pytest.mark.parametrize(
    "url",
    [CRATES_IO, f"{CRATES_IO}/", f"{CRATES_IO}.git", CRATES_IO.upper(), CRATES_IO_SPARSE],
)
def test_crates_io_by_any_of_its_urls(url):
    """It is crates.io by git and by HTTP, however it is spelled."""
    assert is_crates_io(url)
    assert not is_crates_io("sparse+https://r.example/i/")


@QUICK
@given(st.text())
def test_any_text_is_a_url_or_refused(text):
    """Nothing but a RegistryError comes of a bad URL."""
    with contextlib.suppress(RegistryError):
        assert same_registry(parse_registry_url(f"https://{text}"), f"https://{text}")
