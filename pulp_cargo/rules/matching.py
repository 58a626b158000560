"""The versions of a crate that are taken for a requirement, as cargo sees them in an index."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from pulp_cargo.protocol.errors import InvalidVersion
from pulp_cargo.protocol.line_deps import LineDeps, parse_line_deps
from pulp_cargo.protocol.requirement import ANY, Requirement
from pulp_cargo.protocol.semver import Version, parse_version


class IndexedVersion(Protocol):
    """A version in an index: its line, in which null is the registry itself, and its yank mark.

    The mark in the line is not read.
    """

    @property
    def vers(self) -> str:
        """The version."""

    @property
    def yanked(self) -> bool:
        """Whether it is yanked."""

    @property
    def line(self) -> str:
        """The line, as text."""


V = TypeVar("V", bound=IndexedVersion)


class Reason(StrEnum):
    """Why no version meets a requirement."""

    NO_CRATE = "no-crate"
    NO_VERSION = "no-version"
    ONLY_YANKED = "only-yanked"
    REFUSED = "refused"
    """Only versions that a crate policy refuses would."""


@dataclass(frozen=True, slots=True)
class Candidate(Generic[V]):
    """A version that meets a requirement."""

    version: Version
    listed: V


# Selects from the versions that meet a requirement, which are not empty, newest first.
Take = Callable[[Sequence[Candidate[V]]], Sequence[Candidate[V]]]


def newest(matching: Sequence[Candidate[V]]) -> Sequence[Candidate[V]]:
    """Take the version that cargo prefers, which is enough if nothing conflicts with it."""
    return matching[:1]


def newest_of_each_range(matching: Sequence[Candidate[V]]) -> Sequence[Candidate[V]]:
    """Take the newest of compatible versions (Cargo Book, "SemVer Compatibility").

    A requirement such as `>=0.5` matches incompatible ones; cargo may then use an older one.
    """
    best: dict[tuple[int, ...], Candidate[V]] = {}
    for candidate in matching:
        best.setdefault(candidate.version.compatible_range, candidate)
    return list(best.values())


@dataclass(frozen=True, slots=True)
class Wanted:
    """A requirement, or one version by its exact text, which may be yanked."""

    requirement: Requirement = ANY
    vers: str | None = None


@dataclass(frozen=True, slots=True)
class ReadVersion(Generic[V]):
    """A version, and what its line says about dependencies."""

    listed: V
    deps: LineDeps


class CrateVersions(Generic[V]):
    """The versions of a crate, newest first; `exact` ones may be used although they are yanked."""

    def __init__(self, versions: Iterable[V], exact: Iterable[str]) -> None:
        found = (_candidate(one) for one in versions)
        sortable = (one for one in found if one is not None)
        self._exact = frozenset(exact)
        self._newest_first = sorted(sortable, key=lambda one: one.version.order, reverse=True)
        self._read: dict[str, ReadVersion[V] | None] = {}

    @property
    def all(self) -> tuple[str, ...]:
        """All versions, newest first."""
        return tuple(one.listed.vers for one in self._newest_first)

    def take(self, wanted: Wanted, take: Take[V]) -> list[ReadVersion[V]]:
        """Return the versions that are taken for a requirement, none if no version meets it."""
        usable = [one for one in self._meeting(wanted) if self._is_usable(one)]
        read = [self._read_line(one) for one in (take(usable) if usable else ())]
        if None in read:
            # Cargo does not see the version of a line that it cannot read.
            usable = [one for one in usable if self._read_line(one)]
            read = [self._read_line(one) for one in (take(usable) if usable else ())]
        return [one for one in read if one is not None]

    def reason(self, wanted: Wanted) -> Reason:
        """Return why no version is taken."""
        if not self._newest_first:
            return Reason.NO_CRATE
        yanked = any(not self._is_usable(one) for one in self._meeting(wanted))
        return Reason.ONLY_YANKED if yanked else Reason.NO_VERSION

    def reason_if_unmet(self, wanted: Wanted) -> Reason | None:
        """Return why no version meets a requirement, None if one does; no line is read."""
        if any(self._is_usable(one) for one in self._meeting(wanted)):
            return None
        return self.reason(wanted)

    def _meeting(self, wanted: Wanted) -> list[Candidate[V]]:
        if wanted.vers is not None:
            return [one for one in self._newest_first if one.listed.vers == wanted.vers]
        return [one for one in self._newest_first if wanted.requirement.matches(one.version)]

    def _is_usable(self, candidate: Candidate[V]) -> bool:
        return not candidate.listed.yanked or candidate.listed.vers in self._exact

    def _read_line(self, candidate: Candidate[V]) -> ReadVersion[V] | None:
        vers = candidate.listed.vers
        if vers not in self._read:
            deps = parse_line_deps(candidate.listed.line)
            self._read[vers] = ReadVersion(candidate.listed, deps) if deps else None
        return self._read[vers]


def _candidate(listed: V) -> Candidate[V] | None:
    try:
        return Candidate(parse_version(listed.vers), listed)
    except InvalidVersion:
        return None
