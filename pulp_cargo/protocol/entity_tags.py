"""The entity tags of an `If-None-Match` header (RFC 9110, 8.8.3 and 13.1.2)."""

import re
from collections.abc import Iterator

_ELEMENT = re.compile(
    r"""
    [ \t]*+ (?: (?:W/)?+ "(?P<tag>[^\x00-\x20"\x7f]*+)" )?+ [ \t]*+ (?:,|\Z)
    """,
    re.VERBOSE,
)


def listed_tags(header: str) -> Iterator[str]:
    """Yield the tags of a list, without quotes and `W/`, up to the first malformed element.

    Empty elements are skipped, as a recipient must (RFC 9110, 5.6.1.2).

    >>> list(listed_tags('W/"a", ,"b",'))
    ['a', 'b']
    >>> list(listed_tags('"a", b, "c"'))
    ['a']
    """
    at = 0
    while at < len(header) and (found := _ELEMENT.match(header, at)):
        if found["tag"] is not None:
            yield found["tag"]
        at = found.end()
