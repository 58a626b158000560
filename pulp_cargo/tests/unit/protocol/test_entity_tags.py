"""Lists of entity tags."""

import pytest

from pulp_cargo.protocol.entity_tags import listed_tags


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ('"a"', ["a"]),
        ('W/"a"', ["a"]),
        ('"a","b" , W/"c"', ["a", "b", "c"]),
        ('\t"a"\t,\t"b"', ["a", "b"]),
        ('""', [""]),
        ('"*"', ["*"]),
        ('"a,b"', ["a,b"]),
        ('"\xe9\udcff"', ["\xe9\udcff"]),
        ('"W/"', ["W/"]),
    ],
)
def test_tags_of_a_list(header: str, tags: list[str]) -> None:
    """Weak ones are compared like strong ones (RFC 9110, 13.1.2)."""
    assert list(listed_tags(header)) == tags


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("", []),
        (" ", []),
        (",", []),
        (', "a"', ["a"]),
        ('"a",', ["a"]),
        ('"a",,"b"', ["a", "b"]),
        (' , ,"a", \t, "b" ,, ', ["a", "b"]),
    ],
)
def test_empty_elements_are_skipped(header: str, tags: list[str]) -> None:
    """A recipient must parse and ignore a reasonable number of them (RFC 9110, 5.6.1.2)."""
    assert list(listed_tags(header)) == tags


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("a", []),
        ("*", []),
        ('"a', []),
        ("W/", []),
        ('w/"a"', []),
        ('W/ "a"', []),
        ('"a b"', []),
        ('"a" "b"', []),
        ('x"a"', []),
        ('"a", b, "c"', ["a"]),
        ('"a"\n, "b"', []),
    ],
)
def test_list_ends_at_a_malformed_element(header: str, tags: list[str]) -> None:
    """What follows could be part of it."""
    assert list(listed_tags(header)) == tags
