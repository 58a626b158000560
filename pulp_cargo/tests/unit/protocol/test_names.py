"""Names of crates and dependencies [69-72]."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_cargo.protocol.errors import InvalidName, RegistryError, ReservedName
from pulp_cargo.protocol.names import canonical_name, parse_crate_name, parse_dependency_name
from pulp_cargo.protocol.paths import index_path, name_at
from pulp_cargo.tests.unit.protocol.properties import QUICK

LEGAL = ["a", "A", "serde", "Lab_base", "con-tools", "x86", "a-", "a_", "a" * 64, "new", "me", "dl"]
ILLEGAL = [
    "",
    " ",
    "a b",
    "1a",
    "-a",
    "_a",
    "a.b",
    "a/b",
    "a\n",
    "a\0",
    "å",
    "京",
    "\u212a",
    "a" * 65,
]


@pytest.mark.parametrize("name", LEGAL)
def test_legal_name_is_kept_as_spelled(name):
    """An ASCII letter, then ASCII letters, digits, `-` and `_`: 64 characters at most (70)."""
    assert parse_crate_name(name) == name


@pytest.mark.parametrize("name", ILLEGAL)
def test_illegal_name_is_refused(name):
    """Space, non-ASCII, leading digit, `-` or `_`, empty, 65 characters: 400 (69)."""
    with pytest.raises(InvalidName):
        parse_crate_name(name)


@pytest.mark.parametrize("name", ["nul", "CON", "Prn", "aux", "com0", "COM9", "lpt1"])
def test_windows_device_is_never_a_crate(name):
    """Windows device names in any case: 400 (71)."""
    with pytest.raises(ReservedName, match=name):
        parse_crate_name(name)


def test_dependency_may_start_with_underscore():
    """An alias is the author's own word: `_` may come first."""
    assert parse_dependency_name("_serde") == "_serde"
    with pytest.raises(InvalidName, match="must start with an ASCII letter or `_`"):
        parse_dependency_name("1serde")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "cannot be empty"),
        ("a" * 65, "longer than 64"),
        ("a" * 63 + ".", r"'\.'"),
        ("a.b", r"'\.'"),
        ("9", "'9' must start with an ASCII letter, not with '9'"),
    ],
)
def test_refusal_names_the_rule(name, said):
    """Cargo prints nothing but the sentence, so it names the value and the rule."""
    with pytest.raises(InvalidName, match=said):
        parse_crate_name(name)


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [("foo-bar", "Foo_Bar", True), ("foo", "Foo", True), ("foo-bar", "foobar", False)],
)
def test_case_and_hyphens_make_no_other_crate(a, b, equal):
    """`Foo`, `foo-bar` are taken when `foo`, `foo_bar` exist (72)."""
    assert (canonical_name(a) == canonical_name(b)) is equal


def test_kelvin_sign_is_not_a_k():
    """Python's `lower` maps the Kelvin sign to `k`; the canonical name must not."""
    assert canonical_name("\u212a") != canonical_name("k")


@QUICK
@given(st.text())
def test_any_text_is_a_name_or_refused(text):
    """Nothing but a RegistryError comes of a bad name."""
    with contextlib.suppress(RegistryError):
        assert parse_crate_name(text).isascii()


@QUICK
@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,63}", fullmatch=True))
def test_index_path_leads_back_to_the_name(name):
    """The path is that of the lower-case name, and of no other."""
    assert name_at(index_path(name)) == name.lower()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "1/a"),
        ("tl", "2/tl"),
        ("big", "3/b/big"),
        ("Lab_base", "la/b_/lab_base"),
        ("opt-dep", "op/t-/opt-dep"),
        ("MyCrate", "my/cr/mycrate"),
    ],
)
def test_index_path(name, path):
    """Names of 1, 2, 3 and 4+ characters are at `1/`, `2/`, `3/x/`, `ab/cd/` (7, 8)."""
    assert index_path(name) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "serde",
        "xx/yy/serde",
        "se/rd/Serde",
        "SE/RD/serde",
        "1/ab",
        "2/a",
        "3/b/abc",
        "se/rd/serde/",
        "/se/rd/serde",
        "../..",
        "se/rd/../serde",
        "3/ab/abc",
        "1/\u212a",
        "1/1",
    ],
)
def test_path_that_fits_no_name_is_nothing(path):
    """A path whose prefix does not fit the name is 404 (10, 13)."""
    assert name_at(path) is None
