"""Untrusted URLs."""

import re
from urllib.parse import SplitResult, urlsplit

# Longer than any host name (RFC 1035, 2.3.4), also with a user and a port.
_LONGEST_HOST = 255
_DELIMITERS = re.compile(r"[/?#]")


def split_url(text: str) -> SplitResult:
    """Return the parts of a URL; raises ValueError if it is invalid.

    The standard library normalises hosts beyond ASCII in quadratic time. What it takes for the host
    is between two delimiters, anywhere in the URL.

    >>> split_url("https://r.example/i").path
    '/i'
    """
    if not text.isascii():
        for part in _DELIMITERS.split(text):
            if len(part) > _LONGEST_HOST and not part.isascii():
                raise ValueError(f"a part of its host has more than {_LONGEST_HOST} characters")
    return urlsplit(text)
