"""A line of another registry's index, made to mean the same here."""

import json
import re
from collections.abc import Callable

from pulp_cargo.protocol.errors import InvalidMetadata

# A key, and not the text of a string: within one each quote follows a backslash.
_REGISTRY = re.compile(rb'("registry"\s*:\s*)("(?:[^"\\]|\\.)*")')


def with_own_registries(body: bytes, is_own: Callable[[str], bool]) -> bytes:
    """Return lines in which the registries that stand for this one are null; all else stays.

    >>> with_own_registries(b'{"registry":"https://r.example"}', "https://r.example".__eq__)
    b'{"registry":null}'
    """

    def replaced(found: re.Match[bytes]) -> bytes:
        try:
            url = json.loads(found[2])
        except ValueError:
            return found[0]
        return found[1] + b"null" if is_own(url) else found[0]

    return _REGISTRY.sub(replaced, body)


def with_absolute_registries(line: str, registry: str) -> str:
    """Return a line, not yanked, in which dependencies on its own registry name that by a URL.

    Null means "the registry that this line is from" (Cargo Book, "Index Format"), which another
    registry than ours was. All else stays, also what is unknown. Raises InvalidMetadata.

    >>> with_absolute_registries('{"deps":[{"name":"a"}],"yanked":true,"x":1}', "https://r.example")
    '{"deps":[{"name":"a","registry":"https://r.example"}],"yanked":false,"x":1}'
    """
    try:
        values = json.loads(line)
        for dep in values["deps"]:
            if dep.get("registry") is None:
                dep["registry"] = registry
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise InvalidMetadata(f"the index line cannot be read: {error}") from error
    values["yanked"] = False
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)
