"""The verdict of a registry on the packages in a lock file: whether a build from it may proceed.

The first of these that applies decides:
1. the version is missing, or its checksum differs: cargo could not build;
2. a crate policy refuses it;
3. it must be available offline, and its file is not stored;
4. an advisory affects it;
5. it is yanked, which is a warning by default, since lock files may use yanked versions.
"""

from dataclasses import dataclass
from enum import StrEnum

from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.rules.policies import crate_policy


class Here(StrEnum):
    """What is available of a version without asking upstreams."""

    STORED = "stored"
    INDEX = "index"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """The verdict on a package."""

    SERVED = "served"
    YANKED = "yanked"
    ADVISORY = "advisory"
    HELD = "held"
    BLOCKED = "blocked"
    HIDDEN = "hidden"
    CHECKSUM_DIFFERS = "checksum-differs"
    MISSING = "missing"


class Flag(StrEnum):
    """Further facts about a package, independent of its verdict."""

    NAME_ALSO_PRIVATE = "name-also-private"
    NAME_ALSO_UPSTREAM = "name-also-upstream"
    OLD_INDEX = "old-index"
    NO_CHECKSUM = "no-checksum"
    DRY_RUN = "dry-run"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What passes: with `offline`, only packages whose download needs no upstream."""

    offline: bool = False
    fail_on_yanked: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A version as an upstream of the registry has it; `advisories` are ids."""

    upstream: str
    cksum: str
    here: Here
    yanked: bool = False
    rules: crate_policy.Verdict | None = None
    advisories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a registry does not have a version; `upstream` is the last one that was asked."""

    sentence: str
    upstream: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedPackage:
    """A package with its verdict; `upstream` is the one that has it, or should."""

    package: LockedPackage
    upstream: str | None
    here: Here
    outcome: Outcome
    sentence: str
    flags: tuple[Flag, ...]
    passes: bool


def check_package(
    package: LockedPackage, found: Found | NotFound, wanted: Wanted, flags: tuple[Flag, ...] = ()
) -> CheckedPackage:
    """Return the verdict on a package.

    >>> package = LockedPackage("a", "1.0.0", None, None)
    >>> check_package(package, NotFound("there is no `a`"), Wanted()).outcome.value
    'missing'
    """
    flags += tuple(_flags(package, found))
    if isinstance(found, NotFound):
        here, outcome, sentence = Here.UNKNOWN, Outcome.MISSING, found.sentence
    else:
        here = found.here
        outcome, sentence = (
            _checksum(package, found)
            or _rules(found)
            or _offline(package, found, wanted)
            or _advisories(package, found)
            or _yanked(package, found)
            or (Outcome.SERVED, _served(package, found))
        )
    warned = outcome is Outcome.YANKED and not wanted.fail_on_yanked
    passes = outcome is Outcome.SERVED or warned
    return CheckedPackage(package, found.upstream, here, outcome, sentence, flags, passes)


_OutcomeAndReason = tuple[Outcome, str]

_BY_RULES = {
    crate_policy.Outcome.BLOCKED: Outcome.BLOCKED,
    crate_policy.Outcome.HELD: Outcome.HELD,
    crate_policy.Outcome.HIDDEN: Outcome.HIDDEN,
}


def _flags(package: LockedPackage, found: Found | NotFound) -> list[Flag]:
    flags = [Flag.REPLACED] if package.replaced else []
    if isinstance(found, Found):
        flags += [Flag.NO_CHECKSUM] if package.cksum is None else []
        spared = found.rules and found.rules.is_open and found.rules.outcome in _BY_RULES
        flags += [Flag.DRY_RUN] if spared else []
    return flags


def _checksum(package: LockedPackage, found: Found) -> _OutcomeAndReason | None:
    if package.cksum in (None, found.cksum):
        return None
    return Outcome.CHECKSUM_DIFFERS, (
        f"{_called(package)} has the checksum {package.cksum} in the lock file, and {found.cksum}"
        f" in the index of `{found.upstream}`: cargo would refuse to build it"
    )


def _rules(found: Found) -> _OutcomeAndReason | None:
    if found.rules is None or found.rules.is_open:
        return None
    return _BY_RULES[found.rules.outcome], found.rules.sentence


def _offline(package: LockedPackage, found: Found, wanted: Wanted) -> _OutcomeAndReason | None:
    # For a package that is replaced by another one, cargo needs the index only.
    if not wanted.offline or found.here is Here.STORED or package.replaced:
        return None
    return Outcome.MISSING, (
        f"{_called(package)} is in the index of `{found.upstream}`, but its file is not stored here"
    )


def _advisories(package: LockedPackage, found: Found) -> _OutcomeAndReason | None:
    if not found.advisories:
        return None
    return Outcome.ADVISORY, f"{_called(package)} is affected by {', '.join(found.advisories)}"


def _yanked(package: LockedPackage, found: Found) -> _OutcomeAndReason | None:
    if not found.yanked:
        return None
    sentence = f"{_called(package)} is yanked: only existing lock files can use it"
    return Outcome.YANKED, sentence


def _served(package: LockedPackage, found: Found) -> str:
    if found.rules is not None and found.rules.outcome in _BY_RULES:
        sentence = found.rules.sentence
        return (
            f"{_called(package)} is served because the policy is a dry run; otherwise: {sentence}"
        )
    if found.rules is not None and found.rules.rule is not crate_policy.Rule.NONE:
        return found.rules.sentence
    return f"{_called(package)} is served from `{found.upstream}`"


def _called(package: LockedPackage) -> str:
    return f"`{package.name} {package.vers}`"
