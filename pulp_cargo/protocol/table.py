"""Reading values of known types from untrusted JSON and TOML."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from pulp_cargo.protocol.errors import RegistryError

T = TypeVar("T")

# A longer key would be repeated in the messages of thousands of tables below it.
_SHOWN = 100
_WORDS: dict[type, str] = {str: "a string", bool: "true or false", int: "a number", list: "a list"}


@dataclass(frozen=True, slots=True)
class Table:
    """A JSON object or TOML table, with its location for messages and the error to raise."""

    values: Mapping[str, object]
    where: str
    error: type[RegistryError]

    def text(self, key: str) -> str:
        """Return a required string."""
        value = self.text_or_none(key)
        if value is None:
            raise self.error(f"{self.where} has no `{key}`")
        return value

    def text_or_none(self, key: str) -> str | None:
        """Return a string, None if it is missing or null."""
        value = self._typed(key, str)
        if value is not None and not is_storable(value):
            raise self.error(f"`{key}` of {self.where} has a character that cannot be stored")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Return a boolean, the default if it is missing or null."""
        value = self._typed(key, bool)
        return default if value is None else value

    def number_or_none(self, key: str) -> int | None:
        """Return a number, None if it is missing or null."""
        return self._typed(key, int)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of strings, an empty one if it is missing or null."""
        return self.texts_or_none(key) or ()

    def texts_or_none(self, key: str) -> tuple[str, ...] | None:
        """Return a list of strings, None if it is missing or null."""
        values = self._typed(key, list)
        if values is None:
            return None
        if not all(isinstance(value, str) and is_storable(value) for value in values):
            raise self.error(f"`{key}` of {self.where} must contain only strings")
        return tuple(values)

    def table(self, key: str) -> "Table":
        """Return a nested table, an empty one if it is missing or null."""
        value = self.values.get(key)
        return self.below(key, {} if value is None else value)

    def tables(self) -> Iterator[tuple[str, "Table"]]:
        """Iterate over a table whose values are all tables."""
        for key, value in self.values.items():
            yield key, self.below(key, value)

    def list_of_tables(self, key: str) -> Iterator["Table"]:
        """Iterate over a required list whose elements are all tables."""
        values = self._typed(key, list)
        if values is None:
            raise self.error(f"{self.where} has no `{key}`")
        for number, value in enumerate(values):
            yield self.below(f"{key}[{number}]", value)

    def below(self, key: str, value: object) -> "Table":
        """Return a nested value as a table."""
        shown = key if len(key) <= _SHOWN else f"{key[:_SHOWN]}…"
        if not isinstance(value, dict):
            raise self.error(f"`{shown}` of {self.where} must be a table")
        if not is_storable(key):
            raise self.error(f"{self.where} has a key with a character that cannot be stored")
        return Table(value, f"`{shown}` of {self.where}", self.error)

    def _typed(self, key: str, expected: type[T]) -> T | None:
        value = self.values.get(key)
        # In Python, true is a number.
        if value is None or (isinstance(value, expected) and type(value) is not bool):
            return value
        if type(value) is expected:
            return value
        raise self.error(f"`{key}` of {self.where} must be {_WORDS[expected]}")


def parse_json_object(
    data: bytes | str, where: str, error: type[RegistryError], *, unique_keys: bool = False
) -> Table:
    """Parse a JSON document that must be an object.

    `unique_keys` refuses duplicate keys, of which parsers use one or the other.

    >>> parse_json_object('{"a": "b"}', "the example", RegistryError).text("a")
    'b'
    """
    try:
        # Given bytes, the parser would accept UTF-16 and UTF-32 as well.
        value = json.loads(
            data.decode() if isinstance(data, bytes) else data,
            object_pairs_hook=_unique if unique_keys else None,
            parse_constant=_no_number,
        )
    except (ValueError, RecursionError) as fault:
        raise error(f"{where} is not JSON: {parser_words(fault)}") from fault
    if not isinstance(value, dict):
        raise error(f"{where} is not a JSON object")
    return Table(value, where, error)


def parser_words(fault: Exception) -> str:
    """Return what a parser says of a document, without advice for Python programs.

    >>> parser_words(ValueError("Exceeds the limit; use sys.set_int_max_str_digits()"))
    'a number has too many digits'
    """
    text = str(fault)
    return "a number has too many digits" if "int_max_str_digits" in text else text


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key[:100]!r} occurs twice")
        found[key] = value
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"`{word}` is not a number in JSON")


def is_storable(text: str) -> bool:
    """Return whether text can be stored: PostgreSQL allows no NUL, UTF-8 no lone surrogates.

    >>> is_storable("naïve"), is_storable("a\\0"), is_storable("\\ud800")
    (True, False, False)
    """
    return "\0" not in text and not _has_surrogate(text)


def _has_surrogate(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
