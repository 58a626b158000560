"""Bodies of the web API that cargo reads (Cargo Book, Registry Web API)."""

import json
from collections.abc import Sequence

# The longest sentence of an error, in characters.
LONGEST_DETAIL = 10_000


def errors_body(details: Sequence[str]) -> bytes:
    """Return the only shape of an error from which cargo prints the sentences.

    >>> errors_body(["no"])
    b'{"errors":[{"detail":"no"}]}'
    """
    return _json({"errors": [{"detail": _short(detail)} for detail in details]})


def ok_body() -> bytes:
    """Return the answer to yank and unyank; cargo panics when `ok` is false.

    >>> ok_body()
    b'{"ok":true}'
    """
    return _json({"ok": True})


def published_body(warnings: Sequence[str]) -> bytes:
    """Return the answer to a publish; cargo prints each warning on a line of its own.

    >>> published_body([])
    b'{"warnings":{"invalid_categories":[],"invalid_badges":[],"other":[]}}'
    """
    lists = {"invalid_categories": [], "invalid_badges": [], "other": list(warnings)}
    return _json({"warnings": lists})


def _short(detail: str) -> str:
    """Return a sentence; one that repeats a megabyte of what was sent helps nobody."""
    return detail if len(detail) <= LONGEST_DETAIL else f"{detail[:LONGEST_DETAIL]}…"


def _json(value: object) -> bytes:
    # A path or header that was not UTF-8 may have left surrogates, which no JSON reader accepts.
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
