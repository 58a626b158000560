"""The upstreams of a registry, as packages of a lock file are looked up in them."""

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
from pulp_cargo.app.services.lock_file.policies import LockFilePolicies
from pulp_cargo.protocol.errors import VersionReplaced
from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.protocol.lock_source import RegistrySource
from pulp_cargo.protocol.names import CRATE_NAME, canonical_name
from pulp_cargo.protocol.registry_url import is_crates_io
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.lock_check import Found, Here, NotFound
from pulp_cargo.rules.resolution import CrateState, Decision, VersionFacts, decide, state_of


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found of a package in one upstream, and the facts for the decision."""

    facts: VersionFacts
    found: Found | NotFound


class UpstreamLookup(Protocol):
    """An upstream in which packages are looked up."""

    @property
    def upstream(self) -> Upstream:
        """The upstream of the registry."""

    def state(self, name: str) -> CrateState | None:
        """Return whether the crate is there, None if only a request can tell."""

    def look(self, package: LockedPackage) -> Looked:
        """Look a package up."""


@dataclass(frozen=True, slots=True)
class InRepository:
    """The repository of an upstream; `answers_as` is STORED if it stands in for a remote."""

    upstream: Upstream
    known: Known
    policies: LockFilePolicies
    answers_as: CrateState = CrateState.LISTED

    def file(self, name: str) -> File | None:
        """Return the key of the index file for a stored crate."""
        upstream = self.upstream
        owner = upstream.repository
        if isinstance(upstream, RemoteUpstream):
            owner = upstream.remote.pk
        return (owner, name.lower()) if owner else None

    def state(self, name: str) -> CrateState:
        """Return whether the crate is there, in any spelling: they are one name."""
        return CrateState.ABSENT if self.spelling(name) is None else self.answers_as

    def look(self, package: LockedPackage) -> Looked:
        """Look a package up in exactly this spelling, with its build metadata."""
        unit = self.unit(package)
        if unit is None:
            return Looked(VersionFacts(self.state(package.name)), self._not_found(package))
        here = Here.STORED if unit.stored else Here.INDEX
        # A private crate may have the name of one that an advisory is about.
        is_theirs = _is_of_crates_io(package) and not self.upstream.private
        advisories = self.policies.advisories_on(package) if is_theirs else ()
        file = self.file(package.name)
        verdict = self.policies.verdict_on_stored(self.upstream, file, unit) if file else None
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
            sentence = f"`{self.upstream.name}` has the crate `{package.name}` as `{spelled}`"
            return NotFound(sentence, self.upstream.name)
        return not_in(self.upstream, package, has_crate=spelled is not None)

    def unit(self, package: LockedPackage) -> Unit | None:
        """Return the unit of exactly this spelling and version."""
        if self.upstream.version is None:
            return None
        unit = self.known.units.get((self.upstream.version, key_of(package)))
        return unit if unit is not None and unit.name == package.name else None

    def spelling(self, name: str) -> str | None:
        """Return how the repository spells the name of a crate, None if it does not have it."""
        if self.upstream.version is None:
            return None
        return self.known.spellings.get((self.upstream.version, canonical_name(name)))


@dataclass(frozen=True, slots=True)
class FromRemote:
    """An upstream registry: its index, and which of its files are stored.

    Without an index file, stored versions stand in for the upstream.
    """

    upstream: RemoteUpstream
    in_repository: InRepository
    indexes: Indexes
    policies: LockFilePolicies

    def file(self, name: str) -> File:
        """Return the key of a crate's index file."""
        return self.upstream.remote.pk, name.lower()

    def state(self, name: str) -> CrateState | None:
        """Return whether the upstream has the crate, None if only a request can tell."""
        # A lock file may have any name, which would become part of the path of a request.
        if not CRATE_NAME.fullmatch(name):
            return CrateState.ABSENT
        file = self.file(name)
        return state_of(
            listed=self.indexes.has(file),
            stored=self._stands_in(name),
            failed=self.indexes.fault(file) is not None,
        )

    def look(self, package: LockedPackage) -> Looked:
        """Look a package up in the upstream's index, and its file in what is stored."""
        file, state = self.file(package.name), self.state(package.name)
        if state is CrateState.STORED:
            return self.in_repository.look(package)
        if state is CrateState.ABSENT:
            return Looked(VersionFacts(state), not_in(self.upstream, package, has_crate=False))
        if state is not CrateState.LISTED:
            unknown = (
                f"the index file of `{package.name}` from `{self.upstream.name}` is not cached, or"
                " outdated, and was not requested"
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
        verdict = self.policies.verdict(upstream, file, entry, license)
        now = self.indexes.replaced_by(file, entry)
        facts = VersionFacts(
            CrateState.LISTED,
            is_listed=True,
            has_file=stored is not None or self.has_in_store(package, entry.cksum),
            is_refused=verdict is not None and not verdict.is_open,
            is_replaced=now is not None,
        )
        if now is not None and decide(facts) is Decision.REPLACED:
            sentence = str(VersionReplaced(package.name, package.vers, entry.cksum, now))
            return Looked(facts, NotFound(sentence, upstream.name))
        here = Here.STORED if facts.has_file else Here.INDEX
        is_theirs = _is_of_crates_io(package) or is_crates_io(upstream.remote.url)
        advisories = self.policies.advisories_on(package) if is_theirs else ()
        found = Found(upstream.name, entry.cksum, here, entry.yanked, verdict, advisories)
        return Looked(facts, found)

    def _unavailable(self, sentence: str) -> Looked:
        facts = VersionFacts(CrateState.UNAVAILABLE)
        return Looked(facts, NotFound(sentence, self.upstream.name))

    def stored(self, package: LockedPackage, cksum: str) -> Stored | None:
        """Return the unit whose file is sent for a package, if it came from this upstream."""
        return self.in_repository.known.stored.get(
            (self.upstream.remote.pk, package.name, package.vers, cksum)
        )

    def has_in_store(self, package: LockedPackage, cksum: str) -> bool:
        """Return whether the repository of this upstream itself has the file."""
        unit = self.in_repository.unit(package)
        return unit is not None and unit.stored and unit.cksum == cksum

    def entry(self, package: LockedPackage) -> UpstreamVersion | None:
        """Return the entry of a package in the upstream's index; raises UpstreamIndexInvalid."""
        index = self.indexes.lines_of(self.file(package.name), package.vers)
        return index.versions.get(package.vers) if index else None

    def _stands_in(self, name: str) -> bool:
        # Spellings that differ in case share an index file; others do not.
        spelled = self.in_repository.spelling(name)
        return spelled is not None and spelled.lower() == name.lower()


def key_of(package: LockedPackage) -> Key:
    """Return the crate and version, of which a repository has at most one unit."""
    return canonical_name(package.name), package.vers


def _is_of_crates_io(package: LockedPackage) -> bool:
    return isinstance(package.source, RegistrySource) and package.source.is_crates_io


def not_in(upstream: Upstream, package: LockedPackage, *, has_crate: bool) -> NotFound:
    """Return that an upstream does not have a crate, or not this version of it."""
    if has_crate:
        sentence = (
            f"the crate `{package.name}` has no version `{package.vers}` in `{upstream.name}`"
        )
    else:
        sentence = f"`{upstream.name}` has no crate `{package.name}`"
    return NotFound(sentence, upstream.name)
