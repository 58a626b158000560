"""The decision which upstream answers for a crate, and whether one of its versions is served.

Index files, downloads, the lock file gate, prefetching and `explain` collect facts in their own
ways, for one crate or many, with requests to upstreams or without; all of them decide here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pulp_cargo.rules.upstream_order import Answer


class CrateState(StrEnum):
    """What an upstream has of a crate."""

    LISTED = "listed"
    """Its index, or the repository that it is, has the crate."""
    STORED = "stored"
    """Its index lacks the crate or does not answer, so stored versions are used instead."""
    ABSENT = "absent"
    """It does not have the crate."""
    UNAVAILABLE = "unavailable"
    """It did not answer, and no stored version can be used instead."""


class Decision(StrEnum):
    """The decision about a version."""

    SERVE_STORED = "serve-stored"
    """Its file is sent from here."""
    SERVE_UNLISTED = "serve-unlisted"
    """The index no longer lists it, but its file can still be sent."""
    FETCH = "fetch"
    """Its file is fetched from the upstream."""
    REFUSE = "refuse"
    """A crate policy refuses it."""
    REPLACED = "replaced"
    """Its file is not here, and the upstream has other bytes now."""
    NO_VERSION = "no-version"
    """The upstream has the crate, but not this version."""
    NO_CRATE = "no-crate"
    """The upstream does not have the crate."""
    UNAVAILABLE = "unavailable"
    """It depends on an upstream that does not answer."""

    @property
    def is_served(self) -> bool:
        """Whether the file is sent to the client."""
        return self in (Decision.SERVE_STORED, Decision.SERVE_UNLISTED, Decision.FETCH)


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """The upstreams that answer for a crate: none, one, or several where versions are mixed."""

    upstreams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ask:
    """The upstreams that must be asked for a crate before this can be decided."""

    upstreams: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The upstream that does not answer, so that this cannot be decided."""

    upstream: str


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """The facts about a version in an upstream.

    `is_listed` refers to the index file before policies. `has_file` means that a file with the
    listed checksum is stored, `has_unlisted_file` that of a version that is not listed.
    """

    state: CrateState
    is_listed: bool = False
    has_file: bool = False
    has_unlisted_file: bool = False
    is_refused: bool = False
    is_replaced: bool = False


def state_of(*, listed: bool | None, stored: bool, failed: bool = False) -> CrateState | None:
    """Return what an upstream has of a crate, None if it must be asked.

    `listed` is according to its index, None if unknown; `failed` means that a request failed.

    >>> state_of(listed=None, stored=True, failed=True).value
    'stored'
    >>> state_of(listed=None, stored=False) is None
    True
    """
    if listed:
        return CrateState.LISTED
    if stored:
        return CrateState.STORED
    if failed:
        return CrateState.UNAVAILABLE
    return None if listed is None else CrateState.ABSENT


def has_crate(state: CrateState | None) -> bool | None:
    """Return whether an upstream has a crate, None if unknown.

    >>> [has_crate(state) for state in (CrateState.STORED, CrateState.ABSENT, CrateState.UNAVAILABLE)]
    [True, False, None]
    """
    if state in (CrateState.LISTED, CrateState.STORED):
        return True
    return False if state is CrateState.ABSENT else None


def who_has(answer: Answer, states: Mapping[str, CrateState]) -> AnsweredBy | Ask | Unavailable:
    """Return the upstreams that answer for a crate, given their known `states`.

    The first in order that has the crate answers for all of it, unless versions are mixed. If one
    is unavailable, the next is not asked, or it could supply other crates of the same names.

    >>> from pulp_cargo.rules.upstream_order import only
    >>> answer = only("mirror", "crates.io")
    >>> who_has(answer, {"mirror": CrateState.ABSENT, "crates.io": CrateState.LISTED})
    AnsweredBy(upstreams=('crates.io',))
    >>> who_has(answer, {"crates.io": CrateState.LISTED})
    Ask(upstreams=('mirror',))
    """
    having: list[str] = []
    unknown: list[str] = []
    for upstream in answer.ask:
        state = states.get(upstream)
        if state is CrateState.UNAVAILABLE:
            return Unavailable(upstream)
        if state is CrateState.ABSENT:
            continue
        (unknown if state is None else having).append(upstream)
        if not answer.mixed:
            break
    return Ask(tuple(unknown)) if unknown else AnsweredBy(tuple(having))


def decide(facts: VersionFacts) -> Decision:
    """Return the decision about a version in one upstream.

    >>> decide(VersionFacts(CrateState.LISTED, is_listed=True, is_refused=True, has_file=True)).value
    'refuse'
    """
    if facts.state is CrateState.ABSENT:
        return Decision.NO_CRATE
    if facts.state is CrateState.UNAVAILABLE:
        return Decision.UNAVAILABLE
    if not facts.is_listed:
        return Decision.SERVE_UNLISTED if facts.has_unlisted_file else Decision.NO_VERSION
    if facts.is_refused:
        return Decision.REFUSE
    if facts.has_file:
        return Decision.SERVE_STORED
    return Decision.REPLACED if facts.is_replaced else Decision.FETCH


def of_version(
    answer: Answer, decisions: Mapping[str, Decision]
) -> tuple[str, Decision] | Ask | None:
    """Return the upstream that decides about a version, and its decision; None without the crate.

    If an upstream lacks the crate, the next decides; if it does not list the version, only if
    versions are mixed: then a file that it no longer lists is sent if no other lists the version. A
    version that is refused for one upstream is never taken from the next.

    >>> from pulp_cargo.rules.upstream_order import only
    >>> answer = only("mirror", "crates.io")
    >>> of_version(answer, {"mirror": Decision.NO_CRATE, "crates.io": Decision.FETCH})
    ('crates.io', <Decision.FETCH: 'fetch'>)
    >>> of_version(answer, {"mirror": Decision.NO_VERSION})
    ('mirror', <Decision.NO_VERSION: 'no-version'>)
    """
    unlisted: tuple[str, Decision] | None = None
    for upstream in answer.ask:
        decision = decisions.get(upstream)
        if decision is None:
            return Ask((upstream,))
        if decision is Decision.NO_CRATE:
            continue
        if answer.mixed and decision in (Decision.NO_VERSION, Decision.SERVE_UNLISTED):
            if unlisted is None or unlisted[1] is Decision.NO_VERSION:
                unlisted = upstream, decision
            continue
        return upstream, decision
    return unlisted
