"""Which names of crates a text may be a misspelling of, by slips of the finger and by similarity.

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
# Shorter names are similar to too many others, and no crate has a longer one.
SHORTEST_NAME, SHORTEST_WITHOUT, LONGEST_NAME = 3, 5, 64


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


def slips_of(name: str) -> list[str]:
    """Return the names that whoever typed `name` may have meant: two letters swapped, or one too many.

    Such a slip leaves too few common trigrams in a short name. Names that lack a letter or have
    another one are similar by trigrams.

    >>> slips_of("srede")
    ['rsede', 'sede', 'serde', 'srde', 'srdee', 'sred', 'sree', 'sreed']
    """
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        return []
    swapped = {
        f"{name[:at]}{name[at + 1]}{name[at]}{name[at + 2 :]}" for at in range(len(name) - 1)
    }
    if len(name) < SHORTEST_WITHOUT:
        return sorted(swapped - {name})
    without = {name[:at] + name[at + 1 :] for at in range(1, len(name))}
    return sorted((swapped | without) - {name})
