"""The platforms of a dependency: a target triple or a `cfg(…)` expression (Cargo Book).

Cargo ignores a version whose index line has a target that it cannot parse. Cargo prints all
spellings of an expression in one form, which crates.io has in its index.
"""

import re
from collections.abc import Iterator
from typing import NoReturn

from pulp_cargo.protocol.errors import InvalidManifest

# Cargo accepts whatever is alphanumeric in Unicode, but all targets of rustc are ASCII.
_TRIPLE = re.compile(r"[A-Za-z0-9_.-]+")
# Cargo skips spaces but no other white space, and its identifiers are ASCII.
_TOKEN = re.compile(r' *(?:([(),=])|((?:r#)?[A-Za-z_][A-Za-z0-9_]*)|"([^"]*)") *')
_OPERATORS = ("all", "any", "not")
# Maximum nesting of expressions; real ones have three or four levels.
_MOST_LEVELS = 64


def parse_target(text: str) -> str:
    """Return the target as cargo prints it; raise InvalidManifest if cargo cannot parse it.

    >>> parse_target('cfg(all(unix,not(target_os="macos"),))')
    'cfg(all(unix, not(target_os = "macos")))'
    """
    if text.startswith("cfg(") and text.endswith(")"):
        return f"cfg({_Expression(text).read()})"
    if not _TRIPLE.fullmatch(text):
        raise InvalidManifest(f"`{text}` is neither a target triple nor a `cfg(…)` expression")
    return text


class _Expression:
    """A `cfg(…)` expression and the parser's position in it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._rest = text[len("cfg(") : -1]
        self._at = 0

    def read(self) -> str:
        """Return the whole expression, as cargo prints it."""
        whole = self._one(0)
        if self._at < len(self._rest):
            self._refuse()
        return whole

    def _one(self, level: int) -> str:
        """Read a name, a `key = "value"`, or `all`, `any` and `not` of others."""
        name = self._take(2)
        if name is None or level > _MOST_LEVELS:
            self._refuse()
        if name in _OPERATORS:
            return self._operator(level, name)
        if self._take(1, "=") is None:
            # Cargo reads a raw `true` as the constant, and prints that.
            return {"r#true": "true", "r#false": "false"}.get(name, name)
        value = self._take(3)
        if value is None:
            self._refuse()
        return f'{name} = "{value}"'

    def _operator(self, level: int, name: str) -> str:
        if self._take(1, "(") is None:
            self._refuse()
        if name == "not":
            inner = self._one(level + 1)
            if self._take(1, ")") is None:
                self._refuse()
            return f"not({inner})"
        return f"{name}({', '.join(self._list(level + 1))})"

    def _list(self, level: int) -> Iterator[str]:
        """Read a list separated by commas, up to the closing parenthesis."""
        while self._take(1, ")") is None:
            yield self._one(level)
            if self._take(1, ",") is None:
                if self._take(1, ")") is None:
                    self._refuse()
                return

    def _take(self, group: int, wanted: str | None = None) -> str | None:
        """Return the next token if it has this kind, and this text if one is given."""
        found = _TOKEN.match(self._rest, self._at)
        token = found[group] if found else None
        if found is None or token is None or wanted not in (None, token):
            return None
        self._at = found.end()
        return token

    def _refuse(self) -> NoReturn:
        raise InvalidManifest(f"`{self._text}` is not a `cfg(…)` expression that cargo can read")
