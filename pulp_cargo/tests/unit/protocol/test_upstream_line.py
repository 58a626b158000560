"""A line of another registry's index, made to mean the same here."""

import pytest

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.index import MOST_PARTS
from pulp_cargo.protocol.upstream_line import with_absolute_registries, with_own_registries


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ('{"deps":[],"yanked":false}', '{"deps":[],"yanked":false}'),
        ('{"deps":[],"yanked":true}', '{"deps":[],"yanked":false}'),
        ('{"deps":[]}', '{"deps":[],"yanked":false}'),
        (
            '{"deps": [{"name": "a"}, {"name": "b", "registry": null}], "yanked": false}',
            '{"deps":[{"name":"a","registry":"https://ü.example"},'
            '{"name":"b","registry":"https://ü.example"}],"yanked":false}',
        ),
        (
            '{"deps":[{"name":"a","registry":"https://other.example"}],"yanked":false,"x":{"y":1}}',
            '{"deps":[{"name":"a","registry":"https://other.example"}],"yanked":false,"x":{"y":1}}',
        ),
    ],
)
def test_null_is_the_registry_that_the_line_is_from(line: str, written: str) -> None:
    """Dependencies on a third registry keep it, as does all else that the line has."""
    assert with_absolute_registries(line, "https://ü.example") == written


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "Expecting value"),
        ("[]", "list indices"),
        ("{}", "'deps'"),
        ('{"deps":null}', "not iterable"),
        ('{"deps":["a"]}', "has no attribute 'get'"),
        ("[" * 40_000, "recursion"),
    ],
)
def test_line_without_dependencies_cannot_be_read(line: str, said: str) -> None:
    """It came through the checks of an index file, which do not look at dependencies."""
    with pytest.raises(InvalidMetadata, match=f"the index line cannot be read: .*{said}"):
        with_absolute_registries(line, "https://r.example")


@pytest.mark.parametrize(
    ("sent", "served"),
    [
        (b'{"deps":[{"registry":"https://own"}]}', b'{"deps":[{"registry":null}]}'),
        (
            b'{"deps":[{"registry" : "https:\\/\\/own","a":1}]}',
            b'{"deps":[{"registry" : null,"a":1}]}',
        ),
        (b'{"registry":"https:\\u002f/own"}\n{}', b'{"registry":null}\n{}'),
        (b'{"registry":"https://other"}', None),
        (b'{"registry":null,"name":"https://own"}', None),
        (b'{"x":"\\"registry\\":\\"https://own\\""}', None),
        (b'{"registry":"\\x"}', None),
        (b'{"registry":["https://own"]}', None),
        (b'\xff{"registry":"https://own', None),
    ],
)
def test_registry_that_another_stands_in_for(sent: bytes, served: bytes | None) -> None:
    """It is null, "this registry", in whatever spelling JSON has; all else stays byte by byte."""
    assert with_own_registries(sent, "https://own".__eq__) == (sent if served is None else served)


def test_line_of_more_than_any_crate_has_is_not_read() -> None:
    """To make objects of all that is in it would keep everybody waiting."""
    line = '{"deps":[],"x":[' + "{}," * MOST_PARTS + "{}]}"
    with pytest.raises(InvalidMetadata, match="parts"):
        with_absolute_registries(line, "https://r.example")
