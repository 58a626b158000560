"""A line of another registry's index, made to mean the same here."""

import json

from pulp_cargo.protocol.errors import InvalidMetadata


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
