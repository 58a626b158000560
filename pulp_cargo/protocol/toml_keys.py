"""A check of TOML before it is parsed, since parsing a key takes quadratic time in its parts.

A megabyte of keys with sixty parts takes the parser seconds; keys that cargo writes have four or
five.
"""

import re

# Keys of up to this many parts cost no more than other text.
_SHORT = 8
# Maximum sum of the squared parts of all longer keys. Any run of words with dots counts as a key,
# such as an OID in a description, and a file may have thousands of those.
_MOST_WORK = 500_000
_LONG_KEY = re.compile(rf"""(?<![\w"'-])[\w"'-]++(?:[ \t]*+\.[ \t]*+[\w"'-]++){{{_SHORT},}}+""")


def has_cheap_keys(text: str) -> bool:
    """Return whether the keys of a TOML document are as cheap to parse as its other text.

    >>> has_cheap_keys("[a.b]\\nc.d = 1"), has_cheap_keys("[" + "a." * 1000 + "a]")
    (True, False)
    """
    work = 0
    for found in _LONG_KEY.finditer(text):
        work += (found[0].count(".") + 1) ** 2
        if work > _MOST_WORK:
            return False
    return True
