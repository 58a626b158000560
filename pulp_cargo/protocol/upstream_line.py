"""Rewriting index lines of another registry so that they mean the same here."""

import json
import re
from collections.abc import Callable
from functools import cache

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.index import LONGEST_LINE, require_short_line

# A key, not the content of a string, where quotes are escaped. The groups are possessive:
# backtracking would take memory for each character.
_REGISTRY = re.compile(rb'("registry"\s*+:\s*+)("[^"\\]*+(?:\\.[^"\\]*+)*+")')


def with_own_registries(body: bytes, is_own: Callable[[str], bool]) -> bytes:
    """Return lines in which the registries that mean this one are null; all else is unchanged.

    >>> with_own_registries(b'{"registry":"https://r.example"}', "https://r.example".__eq__)
    b'{"registry":null}'
    """

    @cache
    def stands_for_this_one(text: bytes) -> bool:
        try:
            return is_own(json.loads(text))
        except ValueError:
            return False

    def replaced(found: re.Match[bytes]) -> bytes:
        return found[1] + b"null" if stands_for_this_one(found[2]) else found[0]

    # One line at a time, since this blocks the interpreter; longer lines are no versions.
    lines = body.split(b"\n")
    for at, line in enumerate(lines):
        if b'"registry"' in line and len(line) <= LONGEST_LINE:
            lines[at] = _REGISTRY.sub(replaced, line)
    return b"\n".join(lines)


def with_absolute_registries(line: str, registry: str) -> str:
    """Return a line, not yanked, in which dependencies on its own registry have its URL.

    Null means "the registry that this line is from" (Cargo Book, "Index Format"), which was another
    registry. All else is unchanged, including unknown keys. Raises InvalidMetadata.

    >>> with_absolute_registries('{"deps":[{"name":"a"}],"yanked":true,"x":1}', "https://r.example")
    '{"deps":[{"name":"a","registry":"https://r.example"}],"yanked":false,"x":1}'
    """
    require_short_line(line)
    try:
        values = json.loads(line)
        for dep in values["deps"]:
            if dep.get("registry") is None:
                dep["registry"] = registry
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidMetadata(f"the index line cannot be read: {error}") from error
    values["yanked"] = False
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
