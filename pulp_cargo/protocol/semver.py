"""Versions and requirements as cargo and crates.io read them.

Versions are SemVer 2.0.0 with numbers up to 2^64-1. The grammar of requirements is that of Rust's
`semver` crate (Cargo Book, Specifying Dependencies), whose printed form is what an index holds.
"""

import re
from dataclasses import dataclass
from functools import total_ordering

from pulp_cargo.protocol.errors import InvalidRequirement, InvalidVersion

MAX_VERSION_LENGTH = 150
MAX_NUMBER = 2**64 - 1
MAX_COMPARATORS = 32

NUMBER = r"(?:0|[1-9][0-9]{0,19})"
_PRE_PART = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_PRE = rf"(?:{_PRE_PART}(?:\.{_PRE_PART})*)"
_BUILD = r"(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)"
_VERSION = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({_PRE}))?(?:\+({_BUILD}))?")

_COMPARATOR = re.compile(
    rf"(?P<op>>=|<=|[=><~^]?) *(?P<major>{NUMBER})"
    rf"(?:\.(?:(?P<any_minor>[*xX](?:\.[*xX])?)|(?P<minor>{NUMBER})"
    rf"(?:\.(?:(?P<any_patch>[*xX])|(?P<patch>{NUMBER})(?:-(?P<pre>{_PRE}))?(?:\+{_BUILD})?))?))?"
)


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version; sorts by precedence, and by build metadata only where that is equal."""

    major: int
    minor: int
    patch: int
    pre: str = ""
    build: str = ""

    @property
    def without_build(self) -> str:
        """The text under which a version is unique: build metadata makes no other version."""
        number = f"{self.major}.{self.minor}.{self.patch}"
        return f"{number}-{self.pre}" if self.pre else number

    @property
    def is_prerelease(self) -> bool:
        """Whether the version comes before the release of its three numbers."""
        return bool(self.pre)

    def __str__(self) -> str:
        return f"{self.without_build}+{self.build}" if self.build else self.without_build

    def __lt__(self, other: "Version") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[object, ...]:
        numbers = (self.major, self.minor, self.patch)
        return (numbers, not self.pre, _identifiers(self.pre), _identifiers(self.build), self.build)


def parse_version(text: str) -> Version:
    """Return the version, or raise when it is not exactly SemVer 2.

    >>> parse_version("1.2.3-rc.1+b.5")
    Version(major=1, minor=2, patch=3, pre='rc.1', build='b.5')
    """
    if len(text) > MAX_VERSION_LENGTH:
        raise InvalidVersion(
            f"the version {text[:40]!r}… is longer than {MAX_VERSION_LENGTH} characters"
        )
    match = _VERSION.fullmatch(text)
    if not match:
        raise InvalidVersion(
            f"the version {text!r} is not SemVer: expected three numbers such as `1.2.3`, "
            "perhaps with `-pre` and `+build`"
        )
    major, minor, patch = (int(number) for number in match.group(1, 2, 3))
    if max(major, minor, patch) > MAX_NUMBER:
        raise InvalidVersion(f"the version {text!r} has a number above {MAX_NUMBER}")
    return Version(major, minor, patch, match[4] or "", match[5] or "")


def normalise_requirement(text: str) -> str:
    """Return a requirement as cargo prints it; two spellings of one meaning become equal.

    >>> normalise_requirement("1.2"), normalise_requirement(">= 0.3 ,<2"), normalise_requirement("1.x")
    ('^1.2', '>=0.3, <2', '1.*')
    """
    if text.strip(" ") in ("*", "x", "X"):
        return "*"
    comparators = text.split(",")
    if len(comparators) > MAX_COMPARATORS:
        raise InvalidRequirement(
            f"the requirement {text[:80]!r}… has {len(comparators)} parts, "
            f"more than {MAX_COMPARATORS}"
        )
    return ", ".join(_normalise_comparator(comparator, text) for comparator in comparators)


def _normalise_comparator(comparator: str, requirement: str) -> str:
    match = _COMPARATOR.fullmatch(comparator.strip(" "))
    if not match:
        raise InvalidRequirement(
            f"the requirement {requirement!r} cannot be read by cargo, because of {comparator!r}"
        )
    numbers = [number for number in match.group("major", "minor", "patch") if number]
    if any(int(number) > MAX_NUMBER for number in numbers):
        raise InvalidRequirement(f"the requirement {requirement!r} has a number above {MAX_NUMBER}")
    pre = f"-{match['pre']}" if match["pre"] else ""
    wildcard = match["any_minor"] or match["any_patch"]
    # Behind an operator a wildcard says nothing: `<=0.61.*` is `<=0.61`.
    if wildcard and not match["op"]:
        return ".".join([*numbers, "*"])
    return (match["op"] or "^") + ".".join(numbers) + pre


def _identifiers(dotted: str) -> tuple[tuple[bool, int, str], ...]:
    """Return what orders the parts of a pre-release: numbers by value, and before words."""
    return tuple(
        (False, int(part), "") if part.isdigit() else (True, 0, part)
        for part in dotted.split(".")
        if part
    )
