"""Versions as cargo and crates.io parse them, and ranges of versions.

Versions are SemVer 2.0.0 with numbers up to 2^64-1.
"""

import re
from dataclasses import dataclass
from functools import total_ordering

from pulp_cargo.protocol.errors import InvalidVersion

MAX_VERSION_LENGTH = 150
MAX_NUMBER = 2**64 - 1
_DIGITS = len(str(MAX_NUMBER))

NUMBER = r"(?:0|[1-9][0-9]{0,19})"
_PRE_PART = r"(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
PRE = rf"(?:{_PRE_PART}(?:\.{_PRE_PART})*)"
BUILD = r"(?:[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)"
_VERSION = re.compile(rf"({NUMBER})\.({NUMBER})\.({NUMBER})(?:-({PRE}))?(?:\+({BUILD}))?")


@total_ordering
@dataclass(frozen=True, slots=True)
class Version:
    """A version; sorts by precedence, then by build metadata."""

    major: int
    minor: int
    patch: int
    pre: str = ""
    build: str = ""

    @property
    def without_build(self) -> str:
        """The text by which a version is unique: build metadata does not count."""
        number = f"{self.major}.{self.minor}.{self.patch}"
        return f"{number}-{self.pre}" if self.pre else number

    @property
    def is_prerelease(self) -> bool:
        """Whether the version precedes the release with its three numbers."""
        return bool(self.pre)

    def __str__(self) -> str:
        return f"{self.without_build}+{self.build}" if self.build else self.without_build

    def __lt__(self, other: "Version") -> bool:
        return self.order < other.order

    @property
    def numbers(self) -> tuple[int, int, int]:
        """The three numbers."""
        return (self.major, self.minor, self.patch)

    @property
    def compatible_range(self) -> tuple[int, ...]:
        """The numbers that compatible versions share (Cargo Book, "SemVer Compatibility").

        >>> [Version(*numbers).compatible_range for numbers in [(1, 2, 3), (0, 2, 3), (0, 0, 3)]]
        [(1,), (0, 2), (0, 0, 3)]
        """
        left = next((place for place, number in enumerate(self.numbers, 1) if number), 3)
        return self.numbers[:left]

    @property
    def next(self) -> "Version":
        """The lowest version above this one and its builds: a pre-release."""
        if self.pre:
            return Version(*self.numbers, pre=f"{self.pre}.0")
        return Version(self.major, self.minor, self.patch + 1, pre="0")

    @property
    def precedence(self) -> tuple[object, ...]:
        """The sort key without build metadata (SemVer 2.0.0, §11)."""
        return (self.numbers, *pre_order(self.pre))

    @property
    def order(self) -> tuple[object, ...]:
        """The sort key, which is computed once for each version where it is passed to `sorted`."""
        return (*self.precedence, _identifiers(self.build))


@dataclass(frozen=True, slots=True)
class VersionRange:
    """All versions from `low` to below `high`; None means unbounded.

    >>> parse_version("1.2.0-rc.1") in VersionRange(None, parse_version("1.2.0"))
    True
    """

    low: Version | None = None
    high: Version | None = None

    def __contains__(self, version: Version) -> bool:
        order = version.precedence
        above = self.low is None or self.low.precedence <= order
        return above and (self.high is None or order < self.high.precedence)

    def within(self, other: "VersionRange") -> "VersionRange":
        """Return the intersection of both ranges."""
        lows = [low for low in (self.low, other.low) if low]
        highs = [high for high in (self.high, other.high) if high]
        return VersionRange(max(lows, default=None), min(highs, default=None))


def parse_version(text: str) -> Version:
    """Parse a version, or raise if it is not strict SemVer 2.

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
            f"the version {text!r} is not SemVer: expected three numbers such as `1.2.3`,"
            " optionally with `-pre` and `+build`"
        )
    major, minor, patch = int(match[1]), int(match[2]), int(match[3])
    if max(major, minor, patch) > MAX_NUMBER:
        raise InvalidVersion(f"the version {text!r} has a number above {MAX_NUMBER}")
    return Version(major, minor, patch, match[4] or "", match[5] or "")


def order_of(text: str) -> tuple[object, ...]:
    """Return the sort key of a valid version; takes a third of the time of parsing it.

    >>> order_of("1.10.0") > order_of("1.9.0"), order_of("1.0.0-rc.1") < order_of("1.0.0")
    (True, True)
    """
    if "-" in text or "+" in text:
        return parse_version(text).order
    major, minor, patch = text.split(".")
    return (int(major), int(minor), int(patch)), *_RELEASE


def is_prerelease(text: str) -> bool:
    """Whether a valid version precedes the release with its three numbers.

    >>> is_prerelease("1.0.0-rc.1"), is_prerelease("1.0.0+a-b")
    (True, False)
    """
    return "-" in text.partition("+")[0]


def is_version(text: str) -> bool:
    """Whether a text is strict SemVer 2; takes a fifth of the time of parsing.

    >>> is_version("1.2.3-rc.1+b.5"), is_version("1.2"), is_version("99999999999999999999.0.0")
    (True, False, False)
    """
    if len(text) < _DIGITS:
        return _VERSION.fullmatch(text) is not None
    try:
        parse_version(text)
    except InvalidVersion:
        return False
    return True


def pre_order(pre: str) -> tuple[object, ...]:
    """Return the sort key among versions with the same three numbers; the release is last."""
    return (not pre, _identifiers(pre))


def _identifiers(dotted: str) -> tuple[tuple[bool, int, int, str], ...]:
    """Return the sort key of dotted identifiers: numbers by value, and before words.

    Build metadata may have leading zeros; cargo sorts fewer of them first.
    """
    if not dotted:
        return ()
    return tuple(
        (False, int(part), len(part), "") if part.isdigit() else (True, 0, 0, part)
        for part in dotted.split(".")
    )


# The rest of the sort key of a version with three numbers only: that of no pre-release and no build.
_RELEASE = (*pre_order(""), _identifiers(""))
