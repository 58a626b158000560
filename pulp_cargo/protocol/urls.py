"""Taking URLs apart that somebody else wrote."""

import re
from urllib.parse import SplitResult, urlsplit

# No name of a host has more (RFC 1035, 2.3.4), nor has one with a user and a port before and after it.
_LONGEST_HOST = 255
_DELIMITERS = re.compile(r"[/?#]")


def split_url(text: str) -> SplitResult:
    """Return the parts of a URL; raises ValueError for one that is none.

    The standard library normalises hosts beyond ASCII, and time for that grows with the square of
    their length. What it takes for the host stands between two delimiters, wherever that is.

    >>> split_url("https://r.example/i").path
    '/i'
    """
    if not text.isascii():
        for part in _DELIMITERS.split(text):
            if len(part) > _LONGEST_HOST and not part.isascii():
                raise ValueError(f"it has a part of more than {_LONGEST_HOST} characters")
    return urlsplit(text)
