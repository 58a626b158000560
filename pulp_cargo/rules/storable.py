"""Which values of a JSON request PostgreSQL can store.

Its `text` and `jsonb` have no NUL characters, lone surrogates or infinite numbers, all of which JSON
can express, and a deeply nested value makes the encoder exceed Python's recursion limit.
"""

import math
import re
from collections.abc import Mapping, Sequence

# Far more than any field has.
MOST_LEVELS = 50
LONGEST_SHOWN = 200

_CANNOT_STORE = "which PostgreSQL cannot store"
_NUL = "\0"
_SURROGATE = re.compile("[\ud800-\udfff]")


def storage_fault(value: object) -> str | None:
    r"""Return why a value cannot be stored, None if it can.

    >>> storage_fault([{"name": "a\0"}])
    '`[0].name` has a NUL character, which PostgreSQL cannot store'
    >>> storage_fault("\ud83d")
    'the text has an unpaired surrogate, which PostgreSQL cannot store'
    >>> storage_fault({"x": [1.5, "\U0001f980", None]})
    """
    return _fault(value, "", 0)


def text_fault(text: str, shown: str = "the text") -> str | None:
    """Return why a text cannot be stored, None if it can."""
    if _NUL in text:
        return f"{shown} has a NUL character, {_CANNOT_STORE}"
    if _SURROGATE.search(text):
        return f"{shown} has an unpaired surrogate, {_CANNOT_STORE}"
    return None


def _fault(value: object, path: str, level: int) -> str | None:
    if isinstance(value, str):
        return text_fault(value, _shown(path, "the text"))
    if isinstance(value, float) and not math.isfinite(value):
        return f"{_shown(path, 'the number')} is infinite or not a number, {_CANNOT_STORE}"
    if not isinstance(value, Mapping | list | tuple):
        return None
    if level == MOST_LEVELS:
        return f"{_shown(path, 'the value')} has more than {MOST_LEVELS} levels below the field"
    if isinstance(value, Mapping):
        return _fault_of_object(value, path, level)
    return _fault_of_list(value, path, level)


def _fault_of_object(value: Mapping[str, object], path: str, level: int) -> str | None:
    for key, part in value.items():
        fault = text_fault(key, f"a key of {_shown(path, 'the object')}")
        fault = fault or _fault(part, f"{path}.{key}".removeprefix("."), level + 1)
        if fault is not None:
            return fault
    return None


def _fault_of_list(value: Sequence[object], path: str, level: int) -> str | None:
    for number, part in enumerate(value):
        fault = _fault(part, f"{path}[{number}]", level + 1)
        if fault is not None:
            return fault
    return None


def _shown(path: str, otherwise: str) -> str:
    return f"`{path[:LONGEST_SHOWN]}`" if path else otherwise
