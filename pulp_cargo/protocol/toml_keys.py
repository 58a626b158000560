"""A look at TOML before it is parsed, since the work on a key grows with the square of its parts.

A megabyte of keys of sixty parts takes the parser seconds, and nobody who writes such files means well:
those of cargo have four or five.
"""

import re

# Keys of up to so many parts cost no more than other text.
_SHORT = 8
# The squares of the parts of all longer ones together. A run of words with dots between them counts
# as a key wherever it stands, such as an OID in a description, and a file may have thousands of those.
_MOST_WORK = 500_000
_LONG_KEY = re.compile(rf"""(?<![\w"'-])[\w"'-]++(?:[ \t]*+\.[ \t]*+[\w"'-]++){{{_SHORT},}}+""")


def has_cheap_keys(text: str) -> bool:
    """Return whether the keys of a TOML document take no more time to parse than its other text.

    >>> has_cheap_keys("[a.b]\\nc.d = 1"), has_cheap_keys("[" + "a." * 1000 + "a]")
    (True, False)
    """
    work = 0
    for found in _LONG_KEY.finditer(text):
        work += (found[0].count(".") + 1) ** 2
        if work > _MOST_WORK:
            return False
    return True
