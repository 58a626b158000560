"""Whether crates of one repository may be promoted to another: who may put what beside whose crates.

As for uploads (rules/repository_use), crates never go into the store of a cache, where the remote
could add versions to them; and crates of a remote never go where people publish or claim names,
since they would claim the names of all crates that come with them.
"""

from collections.abc import Collection

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.rules.closure import Unmet
from pulp_cargo.rules.matching import Reason
from pulp_cargo.rules.repository_use import Use

# Maximum number of problems in an error message.
MOST_NAMED = 20
# Maximum number of versions that a sentence names.
MOST_VERSIONS = 5


class CannotPromote(BadRequest):
    """Crates are not promoted; the message has each reason."""

    def __init__(self, sentences: Collection[str]) -> None:
        first = list(sentences)[:MOST_NAMED]
        more = len(sentences) - len(first)
        others = f"; and {more} more" if more else ""
        super().__init__(f"nothing was promoted: {'; '.join(first)}{others}")


def conflict(source: str, target: str, *, from_remote: bool, uses: Collection[Use]) -> str | None:
    """Return why nothing of a source may be promoted to a target, None if it may.

    `from_remote` is whether a cache or a sync fills the source; `uses` are those of the target.
    """
    if Use.CACHE in uses:
        return (
            f"the repository `{target}` stores crates of a remote, which could add versions to the"
            " promoted crates: promote them to a separate repository"
        )
    if from_remote and uses:
        what = "accepts uploads" if Use.UPLOADS in uses else "is private in a list of upstreams"
        return (
            f"the repository `{source}` has crates of a remote, and `{target}` {what}, where they"
            " would claim their names: promote them to a separate repository"
        )
    return None


def why_unmet(unmet: Unmet, source: str) -> str:
    """Return the sentence about a dependency that neither repository has.

    >>> why_unmet(Unmet("a", "^2", Reason.NO_VERSION, ("1.0.0",), (), 0), "dev")
    '`a ^2` is needed, and `dev` has only 1.0.0'
    """
    by = ", ".join(f"`{one}`" for one in unmet.needed_by[:MOST_VERSIONS])
    needed = (
        f"{by} needs `{unmet.name} {unmet.req}`" if by else f"`{unmet.name} {unmet.req}` is needed"
    )
    match unmet.reason:
        case Reason.NO_CRATE:
            return f"{needed}, and `{source}` has no such crate"
        case Reason.ONLY_YANKED:
            return f"{needed}, and `{source}` has only yanked versions of it"
        case _:
            there = ", ".join(unmet.there[:MOST_VERSIONS])
            more = len(unmet.there) - MOST_VERSIONS
            others = f" and {more} more" if more > 0 else ""
            return f"{needed}, and `{source}` has only {there}{others}"
