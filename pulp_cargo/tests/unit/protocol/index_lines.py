"""Lines of an index file, to be changed by tests."""

import json
from typing import Any

CKSUM = "0123456789abcdef" * 4


def line(vers: str = "1.0.0", **changes: Any) -> str:
    """Return a line of the crate `leaf`, with other values or new keys."""
    values = {"name": "leaf", "vers": vers, "deps": [], "cksum": CKSUM, "features": {}}
    return json.dumps(values | {"yanked": False} | changes)


def without(key: str) -> str:
    """Return a line that lacks a key."""
    values = json.loads(line())
    del values[key]
    return json.dumps(values)


def body(*lines: str) -> bytes:
    """Return an index file."""
    return "".join(f"{line}\n" for line in lines).encode()
