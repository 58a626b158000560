"""Bodies of the web API that cargo reads (Cargo Book, Registry Web API)."""

from collections.abc import Sequence

from pulp_cargo.protocol.json_body import to_json

# Maximum length of an error message, in characters.
LONGEST_DETAIL = 10_000


def errors_body(details: Sequence[str]) -> bytes:
    """Return an error in the only form whose messages cargo prints.

    >>> errors_body(["no"])
    b'{"errors":[{"detail":"no"}]}'
    """
    return to_json({"errors": [{"detail": _short(detail)} for detail in details]})


def ok_body() -> bytes:
    """Return the response to yank and unyank; cargo panics if `ok` is false.

    >>> ok_body()
    b'{"ok":true}'
    """
    return to_json({"ok": True})


def published_body(warnings: Sequence[str]) -> bytes:
    """Return the response to a publish; cargo prints each warning on its own line.

    >>> published_body([])
    b'{"warnings":{"invalid_categories":[],"invalid_badges":[],"other":[]}}'
    """
    lists = {"invalid_categories": [], "invalid_badges": [], "other": list(warnings)}
    return to_json({"warnings": lists})


def _short(detail: str) -> str:
    """Truncate a message, which may quote a megabyte of input."""
    return detail if len(detail) <= LONGEST_DETAIL else f"{detail[:LONGEST_DETAIL]}…"
