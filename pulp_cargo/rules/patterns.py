"""Patterns of crate names, for tokens, upstreams and policies.

Names are compared in their canonical form, in which they are unique in a registry: `acme-*`
also matches `acme_core`.
"""

from collections.abc import Iterable

from pulp_cargo.protocol.errors import InvalidName
from pulp_cargo.protocol.names import CRATE_NAME, canonical_name


def parse_pattern(text: str) -> str:
    """Validate a crate pattern: a name, a prefix of names followed by `*`, or `*` alone.

    >>> parse_pattern("acme-*")
    'acme-*'
    """
    if text == "*" or CRATE_NAME.fullmatch(text.removesuffix("*")):
        return text
    raise InvalidName(
        f"the crate pattern {text!r} is invalid: it must be a crate name, the start of one followed by a"
        " single `*`, or `*`"
    )


def pattern_matches(pattern: str, name: str) -> bool:
    """Return whether a pattern matches the crate.

    >>> pattern_matches("acme-*", "Acme_core"), pattern_matches("acme", "acme-core")
    (True, False)
    """
    if pattern.endswith("*"):
        return canonical_name(name).startswith(canonical_name(pattern.removesuffix("*")))
    return canonical_name(name) == canonical_name(pattern)


def matching(patterns: Iterable[str], name: str) -> str | None:
    """Return the narrowest of the patterns that match the crate, None if none does.

    >>> matching(["*", "acme-*", "acme-core"], "Acme_Core")
    'acme-core'
    """
    return max((p for p in patterns if pattern_matches(p, name)), key=narrowness, default=None)


def names_and_prefixes(patterns: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the names and the prefixes among patterns, in canonical form.

    >>> names_and_prefixes(["Lab-Base", "acme-*", "*"])
    (['lab_base'], ['acme_', ''])
    """
    names: list[str] = []
    prefixes: list[str] = []
    for pattern in patterns:
        found = prefixes if pattern.endswith("*") else names
        found.append(canonical_name(pattern.removesuffix("*")))
    return names, prefixes


def narrowness(pattern: str) -> tuple[bool, int]:
    """Return the sort key of patterns: names first, then prefixes from long to short.

    >>> sorted(["acme", "*", "acme-core-*", "acme-*"], key=narrowness)
    ['*', 'acme-*', 'acme-core-*', 'acme']
    """
    return (not pattern.endswith("*"), len(pattern))
