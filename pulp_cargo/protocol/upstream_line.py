"""A line of another registry's index, made to mean the same here."""

import json
import re
from collections.abc import Callable
from functools import cache

from pulp_cargo.protocol.errors import InvalidMetadata
from pulp_cargo.protocol.index import LONGEST_LINE

# The most objects and lists in a line that is written anew; a crate of a thousand dependencies has two
# thousand.
MOST_PARTS = 50_000

# A key, and not the text of a string: within one each quote follows a backslash. What is read is
# never given back, which would take memory for each character.
_REGISTRY = re.compile(rb'("registry"\s*+:\s*+)("[^"\\]*+(?:\\.[^"\\]*+)*+")')


def with_own_registries(body: bytes, is_own: Callable[[str], bool]) -> bytes:
    """Return lines in which the registries that stand for this one are null; all else stays.

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

    # One line at a time, since nobody else can run meanwhile; longer ones are no versions.
    lines = body.split(b"\n")
    for at, line in enumerate(lines):
        if b'"registry"' in line and len(line) <= LONGEST_LINE:
            lines[at] = _REGISTRY.sub(replaced, line)
    return b"\n".join(lines)


def with_absolute_registries(line: str, registry: str) -> str:
    """Return a line, not yanked, in which dependencies on its own registry name that by a URL.

    Null means "the registry that this line is from" (Cargo Book, "Index Format"), which another
    registry than ours was. All else stays, also what is unknown. Raises InvalidMetadata.

    >>> with_absolute_registries('{"deps":[{"name":"a"}],"yanked":true,"x":1}', "https://r.example")
    '{"deps":[{"name":"a","registry":"https://r.example"}],"yanked":false,"x":1}'
    """
    if len(line) > LONGEST_LINE or line.count("{") + line.count("[") > MOST_PARTS:
        raise InvalidMetadata(
            f"the index line has more than {LONGEST_LINE} characters or {MOST_PARTS} parts"
        )
    try:
        values = json.loads(line)
        for dep in values["deps"]:
            if dep.get("registry") is None:
                dep["registry"] = registry
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidMetadata(f"the index line cannot be read: {error}") from error
    values["yanked"] = False
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
