"""Sources of packages in a Cargo.lock."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.lock_source import GitSource, RegistrySource, parse_lock_source
from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE
from pulp_cargo.tests.unit.protocol.properties import QUICK


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (None, None),
        ("path+file:///srv/app", None),
        (f"registry+{CRATES_IO}", RegistrySource(CRATES_IO)),
        ("sparse+https://r.example/i/", RegistrySource("sparse+https://r.example/i/")),
        ("git+https://g.example/a", GitSource("https://g.example/a", None, None)),
        ("git+ssh://git@g.example/a?tag=v1", GitSource("ssh://git@g.example/a", "tag=v1", None)),
        ("git+file:///a?rev=1f#1f", GitSource("file:///a", "rev=1f", "1f")),
        ("git+https://g.example/a?ref=b", GitSource("https://g.example/a", "branch=b", None)),
        ("git+https://g.example/a?tag=a&rev=b", GitSource("https://g.example/a", "rev=b", None)),
        ("git+https://g.example/a?tag=", GitSource("https://g.example/a", "tag=", None)),
        ("git+https://g.example/a+b", GitSource("https://g.example/a+b", None, None)),
        ("git+https://g.example/a?x=y", GitSource("https://g.example/a", None, None)),
        (
            "git+https://g.example/a?branch=a%2Bb",
            GitSource("https://g.example/a", "branch=a+b", None),
        ),
    ],
)
def test_source(text, source):
    """Its first word tells the kind; a registry's URL is as an index has it."""
    assert parse_lock_source(text) == source


@pytest.mark.parametrize(
    ("text", "crates_io"),
    [
        (f"registry+{CRATES_IO}", True),
        (f"registry+{CRATES_IO}.git", True),
        (CRATES_IO_SPARSE, True),
        ("sparse+https://r.example/index/", False),
    ],
)
def test_source_that_is_crates_io(text, crates_io):
    """It is crates.io by git and by HTTP, however it is spelled."""
    source = parse_lock_source(text)
    assert isinstance(source, RegistrySource)
    assert source.is_crates_io == crates_io


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the source '' does not begin with"),
        ("git", "the source 'git' does not begin with"),
        ("directory+file:///a", r"the source 'directory\+file:///a' does not begin with"),
        ("git+", r"the source 'git\+' is not an absolute URL"),
        ("git+a/b", r"the source 'git\+a/b' is not an absolute URL"),
        ("git+https://[::1/a", r"the source 'git\+https://\[::1/a' is not a valid URL"),
        ("sparse+", r"the registry URL 'sparse\+' cannot be used"),
    ],
)
def test_bad_source_is_refused(text: str, said: str) -> None:
    """Cargo writes none of these, and refuses to read them."""
    with pytest.raises(RegistryError, match=said):
        parse_lock_source(text)


@QUICK
@given(st.sampled_from(["", "git+", "git+https://", "registry+https://", "sparse+"]), st.text())
def test_any_text_is_a_source_or_refused(kind, text):
    """Nothing but a RegistryError comes of a bad source."""
    with contextlib.suppress(RegistryError):
        parse_lock_source(kind + text)
