"""Which crate names the words of a search may mean, so that no private one is sent to an upstream."""

import re
import unicodedata

from pulp_cargo.protocol.names import canonical_name

# Longer texts are not sent to upstreams: the number of names grows with the square of the words.
MOST_WORDS = 12
_WORD = re.compile(r"[a-z0-9]+")
_SPELLING = re.compile(r"[a-z0-9_-]+")
# Between the words of a type: `AcmeCore` is in the crate `acme-core`.
_WITHIN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def names_in(text: str) -> frozenset[str] | None:
    """Return the names that a text may mean, in canonical form; None if it has too many words.

    These are all runs of its words, with any separators, and each spelling between other characters.
    A capital letter within a word may begin another one.

    >>> sorted(names_in("Acme-Core::x"))
    ['acme', 'acme_core', 'acme_core_x', 'acmecore', 'acmecorex', 'core', 'core_x', 'corex', 'x']
    """
    # Full-width letters and the like mean those of ASCII.
    plain = unicodedata.normalize("NFKC", text)
    split = _WITHIN.sub(" ", plain)
    names = _names_in(split.casefold())
    if split == plain or names is None:
        return names
    return names | (_names_in(plain.casefold()) or frozenset())


def _names_in(plain: str) -> frozenset[str] | None:
    words = _WORD.findall(plain)
    if len(words) > MOST_WORDS:
        return None
    runs = [words[i:j] for i in range(len(words)) for j in range(i + 1, len(words) + 1)]
    return frozenset(
        [
            *("_".join(run) for run in runs),
            *("".join(run) for run in runs),
            *(canonical_name(one) for one in _SPELLING.findall(plain)),
        ]
    )
