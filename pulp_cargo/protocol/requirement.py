"""Version requirements as cargo reads them.

Grammar and meaning are those of Rust's `semver` crate (Cargo Book, Specifying Dependencies; its
`Op` in the crate's documentation). An index holds requirements in its printed form.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pulp_cargo.protocol.errors import InvalidRequirement
from pulp_cargo.protocol.semver import (
    BUILD,
    MAX_NUMBER,
    NUMBER,
    PRE,
    Version,
    VersionRange,
    pre_order,
)

MAX_COMPARATORS = 32

_COMPARATOR = re.compile(
    rf"(?P<op>>=|<=|[=><~^]?) *(?P<major>{NUMBER})"
    rf"(?:\.(?:(?P<any_minor>[*xX](?:\.[*xX])?)|(?P<minor>{NUMBER})"
    rf"(?:\.(?:(?P<any_patch>[*xX])|(?P<patch>{NUMBER})(?:-(?P<pre>{PRE}))?(?:\+{BUILD})?))?))?"
)


@dataclass(frozen=True, slots=True)
class Comparator:
    """One part of a requirement: an operator, and the one to three numbers that are given."""

    op: str
    numbers: tuple[int, ...]
    pre: str = ""

    def __str__(self) -> str:
        numbers = ".".join(map(str, self.numbers))
        if self.op == "*":
            return f"{numbers}.*"
        return f"{self.op}{numbers}-{self.pre}" if self.pre else f"{self.op}{numbers}"

    def meets(self, version: Version) -> bool:
        """Return whether a version satisfies the operator, compared by the given numbers."""
        given = version.numbers[: len(self.numbers)]
        if given[: self._exact] != self.numbers[: self._exact]:
            return False
        if given != self.numbers:
            return self._opens(upwards=given > self.numbers)
        if len(given) < 3:
            return self.op == "^" or (self.op not in (">", "<") and not version.is_prerelease)
        return self._pre_meets(version.pre)

    def range(self) -> VersionRange:
        """Return the versions that are meant, with the pre-releases that lie among them."""
        first = _version(self.numbers, self.pre)
        whole = len(self.numbers) == 3
        after = first.next if whole else self._after(len(self.numbers))
        match self.op:
            case ">=":
                return VersionRange(first, None)
            case ">":
                return VersionRange(after, None)
            case "<":
                return VersionRange(None, first)
            case "<=":
                return VersionRange(None, after)
            case "~" | "^":
                return VersionRange(first, self._after(self._exact))
        # `=1.2` and `1.2.*` mean all versions that begin so.
        return VersionRange(first if whole else _version(self.numbers, "0"), after)

    @property
    def _exact(self) -> int:
        """How many of the numbers a version must match exactly."""
        match self.op:
            case "~":
                return min(len(self.numbers), 2)
            case "^":
                left = (place for place, number in enumerate(self.numbers, 1) if number)
                return next(left, len(self.numbers))
            case "=" | "*":
                return len(self.numbers)
        return 0

    def _after(self, count: int) -> Version:
        """Return the lowest version above all that begin with this many of the numbers."""
        return _version((*self.numbers[: count - 1], self.numbers[count - 1] + 1), "0")

    def _pre_meets(self, pre: str) -> bool:
        if pre == self.pre:
            return self.op not in (">", "<")
        return self._opens(upwards=pre_order(pre) > pre_order(self.pre))

    def _opens(self, *, upwards: bool) -> bool:
        return self.op in ((">", ">=", "~", "^") if upwards else ("<", "<="))


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement: all of its comparators hold, and `*` has none."""

    comparators: tuple[Comparator, ...] = ()

    def __str__(self) -> str:
        return ", ".join(map(str, self.comparators)) or "*"

    def matches(self, version: Version) -> bool:
        """Return whether cargo accepts the version for a dependency.

        A pre-release matches only if a comparator names one with the same three numbers.

        >>> from pulp_cargo.protocol.semver import parse_version
        >>> parse_requirement("^1.2").matches(parse_version("1.3.0-rc.1"))
        False
        """
        if not all(comparator.meets(version) for comparator in self.comparators):
            return False
        return not version.is_prerelease or any(
            comparator.pre and comparator.numbers == version.numbers
            for comparator in self.comparators
        )

    def range(self) -> VersionRange:
        """Return the versions that are meant, with the pre-releases that lie among them.

        Policies need this interpretation: `*` means all versions, and `>=1.2` every later one.

        >>> from pulp_cargo.protocol.semver import parse_version
        >>> parse_version("1.3.0-rc.1") in parse_requirement("^1.2").range()
        True
        """
        range_ = VersionRange()
        for comparator in self.comparators:
            range_ = range_.within(comparator.range())
        return range_


ANY = Requirement()


def parse_requirement(text: str) -> Requirement:
    """Parse a requirement, or raise if cargo could not."""
    if text.strip(" ") in ("*", "x", "X"):
        return ANY
    comparators = text.split(",")
    if len(comparators) > MAX_COMPARATORS:
        raise InvalidRequirement(
            f"the requirement {text[:80]!r}… has {len(comparators)} parts, "
            f"more than {MAX_COMPARATORS}"
        )
    return Requirement(tuple(_parse_comparator(comparator, text) for comparator in comparators))


def normalise_requirement(text: str) -> str:
    """Return a requirement as cargo prints it; two spellings of one meaning become equal.

    >>> normalise_requirement("1.2"), normalise_requirement(">= 0.3 ,<2"), normalise_requirement("1.x")
    ('^1.2', '>=0.3, <2', '1.*')
    """
    return str(parse_requirement(text))


def _parse_comparator(comparator: str, requirement: str) -> Comparator:
    match = _COMPARATOR.fullmatch(comparator.strip(" "))
    if not match:
        raise InvalidRequirement(
            f"the requirement {requirement!r} is invalid for cargo because of {comparator!r}"
        )
    given = match.group("major", "minor", "patch")
    numbers = tuple(int(number) for number in given if number)
    if max(numbers) > MAX_NUMBER:
        raise InvalidRequirement(f"the requirement {requirement!r} has a number above {MAX_NUMBER}")
    # After an operator a wildcard has no effect: `<=0.61.*` is `<=0.61`.
    wildcard = "*" if match["any_minor"] or match["any_patch"] else "^"
    return Comparator(match["op"] or wildcard, numbers, match["pre"] or "")


def _version(numbers: Sequence[int], pre: str) -> Version:
    major, minor, patch = (*numbers, 0, 0)[:3]
    return Version(major, minor, patch, pre)
