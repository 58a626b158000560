"""For which platforms a dependency is: a target triple or a `cfg(…)` expression (Cargo Book).

A version whose index line has a target that cargo cannot read does not exist for its users.
"""

import re

from pulp_cargo.protocol.errors import InvalidManifest

_TRIPLE = re.compile(r"[\w.-]+")
_TOKEN = re.compile(r'\s*(?:([(),=])|((?:r#)?[^\W\d]\w*)|"([^"]*)")\s*')
# How deep expressions may nest: real ones have three or four levels.
_MOST_LEVELS = 64


def require_target(text: str) -> None:
    """Raise InvalidManifest unless cargo can read the target.

    >>> require_target('cfg(all(unix, not(target_os = "macos")))')
    """
    if text.startswith("cfg(") and text.endswith(")"):
        _Expression(text).require()
    elif not _TRIPLE.fullmatch(text):
        raise InvalidManifest(f"`{text}` is neither a target triple nor a `cfg(…)` expression")


class _Expression:
    """A `cfg(…)` and how far it has been read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rest = text[len("cfg(") : -1]
        self._at = 0

    def require(self) -> None:
        self._one(0)
        if self._at < len(self._rest):
            self._refuse()

    def _one(self, level: int) -> None:
        """Read a name, a `key = "value"`, or `all`, `any` and `not` of others."""
        name = self._take(2)
        if name is None or level > _MOST_LEVELS:
            self._refuse()
        elif name in ("all", "any", "not") and self._take(1, "(") is not None:
            self._list(level, name)
        elif self._take(1, "=") is not None and self._take(3) is None:
            self._refuse()

    def _list(self, level: int, name: str) -> None:
        count = 0
        while self._take(1, ")") is None:
            if count and self._take(1, ",") is None:
                self._refuse()
            elif count and self._take(1, ")") is not None:
                break
            self._one(level + 1)
            count += 1
        if name == "not" and count != 1:
            self._refuse()

    def _take(self, group: int, wanted: str | None = None) -> str | None:
        """Return the next token if it is of this kind, and this one where one is wanted."""
        found = _TOKEN.match(self._rest, self._at)
        token = found[group] if found else None
        if found is None or token is None or wanted not in (None, token):
            return None
        self._at = found.end()
        return token

    def _refuse(self) -> None:
        raise InvalidManifest(f"`{self._text}` is not a `cfg(…)` expression that cargo can read")
