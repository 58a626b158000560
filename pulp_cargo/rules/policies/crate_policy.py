"""Crate policies for upstreams, the facts about a version that they use, and their verdicts."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pulp_cargo.protocol.requirement import ANY, Requirement
from pulp_cargo.protocol.semver import Version
from pulp_cargo.rules.patterns import pattern_matches


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a list: versions of crates, and the reason.

    The requirement is a range that includes pre-releases: blocking `*` blocks all versions.
    """

    pattern: str
    requirement: Requirement = ANY
    reason: str = ""

    def means(self, name: str, vers: Version) -> bool:
        """Return whether the entry is about a version."""
        return pattern_matches(self.pattern, name) and vers in self.requirement.range()

    def __str__(self) -> str:
        line = f"`{self.pattern} {self.requirement}`"
        return f"{line}, {self.reason}" if self.reason else line


@dataclass(frozen=True, slots=True)
class Exemption:
    """An exception from the rules, with the time at which it ends."""

    entry: Entry
    ends: datetime


@dataclass(frozen=True, slots=True)
class CratePolicy:
    """The rules of one upstream, or of a list of them.

    Without an allow list every crate is allowed, and without licences every licence; `licenses` are
    in the form of `licenses.parse_license_id`.
    """

    cooldown_days: int = 0
    allow: tuple[Entry, ...] | None = None
    block: tuple[Entry, ...] = ()
    exceptions: tuple[Exemption, ...] = ()
    licenses: frozenset[str] | None = None
    hide_yanked: bool = False
    dry_run: bool = False

    def about(self, name: str) -> "CratePolicy":
        """Return the same rules with only those entries that can be about a crate."""
        allow = self.allow and tuple(e for e in self.allow if pattern_matches(e.pattern, name))
        return dataclasses.replace(
            self,
            allow=allow,
            block=tuple(e for e in self.block if pattern_matches(e.pattern, name)),
            exceptions=tuple(x for x in self.exceptions if pattern_matches(x.entry.pattern, name)),
        )


@dataclass(frozen=True, slots=True)
class NamedPolicy:
    """The rules of a crate policy, and its name."""

    pk: UUID
    name: str
    policy: CratePolicy


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """The bytes of a stored version; the licence is empty if the manifest has none."""

    cksum: str
    license: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts about a version: `since` is its pubtime, or when it was first seen here.

    `license` is None until the manifest is read, and empty if that has none.
    """

    name: str
    vers: Version
    since: datetime
    yanked: bool = False
    license: str | None = None
    served_before: bool = False

    def __str__(self) -> str:
        return f"`{self.name} {self.vers}`"


class Outcome(StrEnum):
    """The outcome for a version."""

    SERVED = "served"
    HELD = "held"
    BLOCKED = "blocked"
    HIDDEN = "hidden"


class Rule(StrEnum):
    """The rule that decided."""

    NONE = "none"
    BLOCK = "block"
    EXCEPTION = "exception"
    ALLOW = "allow"
    LICENSE = "license"
    YANKED = "yanked"
    COOLDOWN = "cooldown"
    ADVISORY = "advisory"
    SERVED_BEFORE = "served-before"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a version, and until when it is valid; `enforced` is false in a dry run."""

    outcome: Outcome
    rule: Rule
    sentence: str
    until: datetime | None = None
    enforced: bool = True

    @property
    def is_open(self) -> bool:
        """Whether the version is in the index and downloadable."""
        return self.outcome is Outcome.SERVED or not self.enforced
