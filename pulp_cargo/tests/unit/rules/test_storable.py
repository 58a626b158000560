"""Which values of requests can be stored."""

import pytest

from pulp_cargo.rules.storable import MOST_LEVELS, storage_fault, text_fault

STORABLE = [
    None,
    True,
    10**30,
    -1.5,
    "",
    "\u0001\ufffd\uffff \U0001f980",
    [],
    {},
    {"a": [{"b": ["c", None]}], "ü": {}},
    ...,
]


@pytest.mark.parametrize("value", STORABLE, ids=repr)
def test_ordinary_values_can_be_stored(value: object) -> None:
    """Other objects than those of JSON are not looked into: files, for instance."""
    assert storage_fault(value) is None


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("a\0", "the text has a NUL character, which PostgreSQL cannot store"),
        (["a", "\0"], "`[1]` has a NUL character, which PostgreSQL cannot store"),
        ({"\0": 1}, "a key of the object has a NUL character, which PostgreSQL cannot store"),
        (
            [{"x": {"\ud800": 1}}],
            "a key of `[0].x` has an unpaired surrogate, which PostgreSQL cannot store",
        ),
        (
            {"a": {"b": ("c", "\udfff")}},
            "`a.b[1]` has an unpaired surrogate, which PostgreSQL cannot store",
        ),
        (float("inf"), "the number is infinite or not a number, which PostgreSQL cannot store"),
        ([-float("inf")], "`[0]` is infinite or not a number, which PostgreSQL cannot store"),
        ({"a": float("nan")}, "`a` is infinite or not a number, which PostgreSQL cannot store"),
    ],
    ids=repr,
)
def test_value_that_cannot_be_stored(value: object, fault: str) -> None:
    """The sentence names the place in the value."""
    assert storage_fault(value) == fault


def nested(levels: int) -> object:
    """Lists in lists."""
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_has_a_limit() -> None:
    """Without one, what encodes the value would exceed the recursion limit."""
    assert storage_fault(nested(MOST_LEVELS - 1)) is None
    for levels in (MOST_LEVELS, 10_000):
        fault = storage_fault(nested(levels))
        assert fault is not None
        assert fault.endswith(f"has more than {MOST_LEVELS} levels below the field")


def test_long_path_is_shortened() -> None:
    """A message must not have the size of the request."""
    fault = storage_fault({"k" * 10_000: "\0"})
    assert fault is not None and len(fault) < 300


@pytest.mark.parametrize("text", ["a", "", "\U0001f980"])
def test_text_that_can_be_stored(text: str) -> None:
    """Any text of whole characters."""
    assert text_fault(text) is None
