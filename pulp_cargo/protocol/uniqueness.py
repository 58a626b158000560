"""Messages about the rule that a registry has one spelling of a name, and each version once.

The rule is the same for imports and all other changes of a repository (Cargo Book, "Index Format":
names are compared without case and hyphens). The errors of publishes are in `errors`.
"""

from collections.abc import Iterable

# Maximum number of versions in a message; the first few show the problem.
MOST_NAMED = 10


def broken_by(canonical_name: str, versions: Iterable[str]) -> str:
    """Return the message about a repository version with conflicting versions of a crate.

    >>> print(broken_by("a_b", ["a_b 1.0.0", "a-b 1.0.0"]))
    The change would result in conflicting versions of the crate `a_b`: a-b 1.0.0, a_b 1.0.0. All \
versions must have the same spelling of the name, and each version can exist only once. In a \
repository that accepts publishes, versions that differ only in build metadata are the same.
    """
    return (
        f"The change would result in conflicting versions of the crate `{canonical_name}`:"
        f" {', '.join(sorted(versions)[:MOST_NAMED])}. All versions must have the same spelling of the"
        " name, and each version can exist only once. In a repository that accepts publishes, versions"
        " that differ only in build metadata are the same."
    )


def cannot_add(name: str, vers: str, reason: str) -> str:
    """Return the message about a file that conflicts with an existing version.

    >>> print(cannot_add("a-b", "1.0.0", "the repository has it as `a_b`"))
    it cannot be added as `a-b 1.0.0`: the repository has it as `a_b`; a name has one spelling in a \
registry, and a version is never replaced
    """
    return (
        f"it cannot be added as `{name} {vers}`: {reason}; a name has one spelling in a registry, and a"
        " version is never replaced"
    )
