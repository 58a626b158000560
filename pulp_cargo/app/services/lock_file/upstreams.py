"""The upstreams of a registry, as the packages of a lock file find them."""

from dataclasses import dataclass
from typing import Protocol

from pulp_cargo.app.queries.lock_file import (
    File,
    Key,
    Known,
    Stored,
    Unit,
)
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, Upstream
from pulp_cargo.app.services.lock_file.index_files import Indexes
from pulp_cargo.app.services.lock_file.policies import Rules
from pulp_cargo.protocol.errors import VersionReplaced
from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.protocol.lock_source import RegistrySource
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.registry_url import is_crates_io
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.lock_check import Found, Here, NotFound
from pulp_cargo.rules.resolution import CrateState, Decision, VersionFacts, decide, state_of


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of a package in one upstream, and the facts that decide what becomes of it."""

    facts: VersionFacts
    found: Found | NotFound


class Place(Protocol):
    """Where packages may be."""

    @property
    def upstream(self) -> Upstream:
        """The upstream of the registry."""

    def state(self, name: str) -> CrateState | None:
        """Return what is there of a crate, None where only asking would tell."""

    def look(self, package: LockedPackage) -> Looked:
        """Return what is there of a package."""


@dataclass(frozen=True, slots=True)
class InRepository:
    """The repository of an upstream; `answers_as` tells whether it stands in for a remote."""

    upstream: Upstream
    known: Known
    rules: Rules
    answers_as: CrateState = CrateState.LISTED

    def file(self, name: str) -> File | None:
        """Return which index file stands beside what is stored of a crate."""
        upstream = self.upstream
        place = upstream.repository
        if isinstance(upstream, RemoteUpstream):
            place = upstream.remote.pk
        return (place, name.lower()) if place else None

    def state(self, name: str) -> CrateState:
        """Return whether the crate is there, in whatever spelling: each is the same name."""
        return CrateState.ABSENT if self.spelling(name) is None else self.answers_as

    def look(self, package: LockedPackage) -> Looked:
        """Return the version in just this spelling, build metadata included."""
        unit = self.unit(package)
        if unit is None:
            return Looked(VersionFacts(self.state(package.name)), self._not_found(package))
        here = Here.STORED if unit.stored else Here.INDEX
        # A private crate may have the name of one that an advisory is about.
        is_theirs = _is_of_crates_io(package) and not self.upstream.private
        advisories = self.rules.advisories_on(package) if is_theirs else ()
        file = self.file(package.name)
        verdict = self.rules.verdict_on_kept(self.upstream, file, unit) if file else None
        facts = VersionFacts(
            self.answers_as,
            is_listed=True,
            has_file=unit.stored,
            is_refused=verdict is not None and not verdict.is_open,
        )
        name = self.upstream.name
        return Looked(facts, Found(name, unit.cksum, here, unit.yanked, verdict, advisories))

    def _not_found(self, package: LockedPackage) -> NotFound:
        spelled = self.spelling(package.name)
        if spelled is not None and spelled != package.name:
            said = f"`{self.upstream.name}` has the crate `{package.name}` as `{spelled}`"
            return NotFound(said, self.upstream.name)
        return not_in(self.upstream, package, has_crate=spelled is not None)

    def unit(self, package: LockedPackage) -> Unit | None:
        """Return the unit of just this spelling and version."""
        if self.upstream.version is None:
            return None
        unit = self.known.units.get((self.upstream.version, key_of(package)))
        return unit if unit is not None and unit.name == package.name else None

    def spelling(self, name: str) -> str | None:
        """Return how the repository spells the name of a crate, None if it has none such."""
        if self.upstream.version is None:
            return None
        return self.known.spellings.get((self.upstream.version, canonical_name(name)))


@dataclass(frozen=True, slots=True)
class FromRemote:
    """An upstream registry: what its index says, and which of its files are stored.

    What is stored stands in where the index has nothing to say.
    """

    upstream: RemoteUpstream
    kept: InRepository
    indexes: Indexes
    rules: Rules

    def file(self, name: str) -> File:
        """Return which index file a crate has."""
        return self.upstream.remote.pk, name.lower()

    def state(self, name: str) -> CrateState | None:
        """Return what the upstream has of the crate, None where only asking would tell."""
        file = self.file(name)
        return state_of(
            listed=self.indexes.has(file),
            stored=self._stands_in(name),
            failed=self.indexes.fault(file) is not None,
        )

    def look(self, package: LockedPackage) -> Looked:
        """Return what the upstream's index says of a package, and whether its file is here."""
        file, state = self.file(package.name), self.state(package.name)
        if state is CrateState.STORED:
            return self.kept.look(package)
        if state is CrateState.ABSENT:
            return Looked(VersionFacts(state), not_in(self.upstream, package, has_crate=False))
        if state is not CrateState.LISTED:
            unknown = (
                f"the index file of `{package.name}` from `{self.upstream.name}` is not here, or too"
                " old, and nobody was asked for it"
            )
            return self._unavailable(self.indexes.fault(file) or unknown)
        try:
            return self._look(package, file)
        except UpstreamIndexInvalid as error:
            return self._unavailable(str(error))

    def _look(self, package: LockedPackage, file: File) -> Looked:
        upstream = self.upstream
        entry = self.entry(package)
        if entry is None:
            not_found = not_in(upstream, package, has_crate=bool(self.indexes.has(file)))
            return Looked(VersionFacts(CrateState.LISTED), not_found)
        stored = self.stored(package, entry.cksum)
        license = stored.license if stored else None
        verdict = self.rules.verdict(upstream, file, entry, license)
        now = self.indexes.replaced_by(file, entry)
        facts = VersionFacts(
            CrateState.LISTED,
            is_listed=True,
            has_file=stored is not None or self.keeps(package, entry.cksum),
            is_refused=verdict is not None and not verdict.is_open,
            is_replaced=now is not None,
        )
        if now is not None and decide(facts) is Decision.REPLACED:
            sentence = str(VersionReplaced(package.name, package.vers, entry.cksum, now))
            return Looked(facts, NotFound(sentence, upstream.name))
        here = Here.STORED if facts.has_file else Here.INDEX
        is_theirs = _is_of_crates_io(package) or is_crates_io(upstream.remote.url)
        advisories = self.rules.advisories_on(package) if is_theirs else ()
        found = Found(upstream.name, entry.cksum, here, entry.yanked, verdict, advisories)
        return Looked(facts, found)

    def _unavailable(self, sentence: str) -> Looked:
        facts = VersionFacts(CrateState.UNAVAILABLE)
        return Looked(facts, NotFound(sentence, self.upstream.name))

    def stored(self, package: LockedPackage, cksum: str) -> Stored | None:
        """Return the unit whose file is sent for a package, if it came from this upstream before."""
        return self.kept.known.stored.get(
            (self.upstream.remote.pk, package.name, package.vers, cksum)
        )

    def keeps(self, package: LockedPackage, cksum: str) -> bool:
        """Return whether the repository of this upstream has the file, whatever others have."""
        unit = self.kept.unit(package)
        return unit is not None and unit.stored and unit.cksum == cksum

    def entry(self, package: LockedPackage) -> UpstreamVersion | None:
        """Return what the upstream's index has of a package; raises UpstreamIndexInvalid."""
        index = self.indexes.lines_of(self.file(package.name), package.vers)
        return index.versions.get(package.vers) if index else None

    def _stands_in(self, name: str) -> bool:
        # An index has a file for all spellings of case, and only for these.
        spelled = self.kept.spelling(name)
        return spelled is not None and spelled.lower() == name.lower()


def key_of(package: LockedPackage) -> Key:
    """Return what a repository has one of."""
    return canonical_name(package.name), package.vers


def _is_of_crates_io(package: LockedPackage) -> bool:
    return isinstance(package.source, RegistrySource) and package.source.is_crates_io


def not_in(upstream: Upstream, package: LockedPackage, *, has_crate: bool) -> NotFound:
    """Return the word that an upstream has no such crate, or not this version of it."""
    if has_crate:
        said = f"the crate `{package.name}` has no version `{package.vers}` in `{upstream.name}`"
    else:
        said = f"`{upstream.name}` has no crate `{package.name}`"
    return NotFound(said, upstream.name)
