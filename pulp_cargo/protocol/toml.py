"""Parsing untrusted TOML in a time that is proportional to its size.

The parser's time for a key grows with the square of its parts, and that for each key below a table's
header with the parts of the header: a megabyte of either takes seconds. Each part of a header is a
table of several objects. Keys that cargo writes have four or five parts.
"""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager

# Not the standard library's tomllib: tomli's wheels are compiled, and read a Cargo.lock of 2,000
# packages in 20 ms instead of 77, and a Cargo.toml of 1,700 features in 4 instead of 13.
import tomli

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.table import Table, parser_words

MOST_PARTS = 100
# Keys of up to this many parts cost little more than other text. Those of cargo have no more.
_SHORT = 5
# The limit for the sum of the squares of the parts of all longer keys, and of the parts of the longest
# for each key after it, which may be below it.
_MOST_WORK = 500_000

_PART = r"""(?:[\w-]++|"(?:[^"\\\n]++|\\.)*+"|'[^'\n]*+')"""
_NAME = re.compile(_PART, re.DOTALL)
# Tokens that may contain dots, so that those in strings and comments do not count: multi-line
# strings, keys and what looks like one (numbers, single-line strings), comments, and the opening
# quote of an unterminated string, where the parser stops.
_TOKEN = re.compile(
    rf"""
      \"""(?:[^"\\]++|\\.|"(?!""))*+"{{3,5}}+ | \'\'\'(?:[^']++|'(?!''))*+'{{3,5}}+
    | (?P<endless>\"""|\'\'\')
    | {_PART}(?P<more>(?:[ \t]*+\.[ \t]*+{_PART})*+)(?P<is_key>[ \t]*+=)?+
    | \#[^\n]*+
    | (?P<open>["'])
    """,
    re.DOTALL | re.VERBOSE,
)


def parse_toml(
    data: bytes | str, where: str, error: type[RegistryError], *, encoding: str = "utf-8"
) -> Table:
    """Return a TOML document as a table.

    >>> parse_toml('[a]\\nb = "c"', "the example", RegistryError).table("a").text("b")
    'c'
    """
    try:
        text = data.decode(encoding) if isinstance(data, bytes) else data
        if not _has_cheap_keys(text):
            raise error(
                f"{where} has too many nested keys, or a key with more than {MOST_PARTS} parts"
            )
        with _without_garbage_collection():
            values = tomli.loads(text)
    except UnicodeDecodeError as fault:
        raise error(f"{where} is not UTF-8 at byte {fault.start}") from fault
    except (ValueError, RecursionError) as fault:
        raise error(f"{where} is not TOML: {parser_words(fault)}") from fault
    return Table(values, where, error)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Do not search for cycles: a document has none, and its many tables would be searched often.

    A megabyte of heads takes a quarter of the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _has_cheap_keys(text: str) -> bool:
    """Return whether the keys take no more time to parse than the other text.

    >>> _has_cheap_keys("[a.b]\\nc.d = 1"), _has_cheap_keys("[" + "a." * 100 + "a]")
    (True, False)
    """
    # A key is on a single line, and few documents have a line that could be a long key.
    if all(line.count(".") < _SHORT for line in text.split("\n")):
        return True
    work = longest = 0
    for found in _TOKEN.finditer(text):
        if found["endless"] or found["open"]:
            break
        if found["is_key"]:
            work += longest
        if found["more"] and found["more"].count(".") >= _SHORT:
            parts = 1 + len(_NAME.findall(found["more"]))
            if parts > _SHORT:
                work += parts**2
                # Which head a key is below is known to a parser only.
                longest = max(longest, parts)
        if longest > MOST_PARTS or work > _MOST_WORK:
            return False
    return True
