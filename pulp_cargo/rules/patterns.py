"""Which crates a pattern means: those of a token, of an upstream, of a rule.

Spellings are compared canonically, because the names of a registry are unique so: `acme-*` would
otherwise not mean `acme_core`, which nobody else can hold either.
"""

from collections.abc import Iterable

from pulp_cargo.protocol.errors import InvalidName
from pulp_cargo.protocol.names import CRATE_NAME, canonical_name


def parse_pattern(text: str) -> str:
    """Return a crate pattern: a name, the start of names followed by `*`, or `*` alone.

    >>> parse_pattern("acme-*")
    'acme-*'
    """
    if text == "*" or CRATE_NAME.fullmatch(text.removesuffix("*")):
        return text
    raise InvalidName(
        f"the crate pattern {text!r} is neither a crate name, "
        "nor the start of one followed by a single `*`, nor `*`"
    )


def pattern_matches(pattern: str, name: str) -> bool:
    """Return whether a pattern means the crate.

    >>> pattern_matches("acme-*", "Acme_core"), pattern_matches("acme", "acme-core")
    (True, False)
    """
    if pattern.endswith("*"):
        return canonical_name(name).startswith(canonical_name(pattern.removesuffix("*")))
    return canonical_name(name) == canonical_name(pattern)


def matching(patterns: Iterable[str], name: str) -> str | None:
    """Return the narrowest of the patterns that mean the crate, None if none does.

    >>> matching(["*", "acme-*", "acme-core"], "Acme_Core")
    'acme-core'
    """
    return max((p for p in patterns if pattern_matches(p, name)), key=narrowness, default=None)


def narrowness(pattern: str) -> tuple[bool, int]:
    """Return what sorts patterns: a name is narrower than any start of names, a longer start too.

    >>> sorted(["acme", "*", "acme-core-*", "acme-*"], key=narrowness)
    ['*', 'acme-*', 'acme-core-*', 'acme']
    """
    return (not pattern.endswith("*"), len(pattern))
