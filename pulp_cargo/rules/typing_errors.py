"""How similar the name of a crate must be to a text for the text to be a misspelling of it.

Similarity is that of PostgreSQL's `pg_trgm`: the share of the groups of three letters that two names
have in common, of all that either has. Each word of a name begins with two spaces and ends with one.
"""

import re

_WORD = re.compile(r"[^\W_]+")
# An error changes three groups; two letters that were swapped change four.
GROUPS_OF_ERROR = 4
# From so many groups on, a second error becomes likely: two others change six.
LONG_NAME, GROUPS_OF_TWO_ERRORS = 18, 6
# Short names with an error have little in common with what was meant: `tokoi` and `tokio` a third.
LEAST = 0.3
# PostgreSQL compares rounded numbers.
MARGIN = 0.01


def least_similarity(name: str) -> float:
    """Return the similarity of a text in canonical form to names that it may be a misspelling of.

    The more it demands, the fewer names with a word in common have to be compared.

    >>> least_similarity("tokoi"), least_similarity("wasm_derive_macros")
    (0.3, 0.51)
    """
    words = _WORD.findall(name)
    padded = (f"  {word} " for word in words)
    groups = len({one[at : at + 3] for one in padded for at in range(len(one) - 2)})
    changed = GROUPS_OF_TWO_ERRORS if groups >= LONG_NAME else GROUPS_OF_ERROR
    return round(max(LEAST, (groups - changed) / (groups + changed) - MARGIN), 2)
