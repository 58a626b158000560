"""Characters that a reader of code does not see, or that show it in another order than it runs.

They are written out as code points wherever pages show what is in a .crate file.
"""

import re

# Control characters but tab and line feed; marks of direction; and what Unicode leaves out of a text
# (Default_Ignorable_Code_Point) or shows as a blank although it can be in a name (U+2800, U+3164).
# The two variation selectors that choose between an emoji and a plain sign are left alone.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def written_out(text: str) -> str:
    """Return a text with its hidden characters as code points.

    >>> written_out("a\\u202eb\\u3164c\\td")
    'a[U+202E]b[U+3164]c\\td'
    """
    return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)
