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
from pulp_cargo.app.queries.upstreams.upstreams import Upstream, UpstreamRemote
from pulp_cargo.app.services.lock_file.index_files import Indexes
from pulp_cargo.app.services.lock_file.policies import Rules, advisories_on
from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.protocol.lock_source import RegistrySource
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.registry_url import is_crates_io
from pulp_cargo.protocol.unavailable import UpstreamIndexInvalid
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.lock_check import Found, Here, NotFound


class Place(Protocol):
    """Where packages may be."""

    @property
    def source(self) -> Upstream:
        """The upstream of the registry."""

    def has(self, name: str) -> bool | None:
        """Return whether the crate is there, None where only asking would tell."""

    def find(self, package: LockedPackage) -> Found | NotFound:
        """Return what is there of a package."""


@dataclass(frozen=True, slots=True)
class InRepository:
    """A repository of ours."""

    source: Upstream
    known: Known
    rules: Rules

    def file(self, name: str) -> File | None:
        """Return which index file stands beside what is kept of a crate."""
        place = self.source.remote.pk if self.source.remote else self.source.repository
        return (place, name.lower()) if place else None

    def has(self, name: str) -> bool:
        """Return whether the crate is there, in whatever spelling: each is the same name."""
        return self.spelling(name) is not None

    def find(self, package: LockedPackage) -> Found | NotFound:
        """Return the version in just this spelling, build metadata included."""
        unit = self.unit(package)
        if unit is not None:
            here = Here.STORED if unit.stored else Here.INDEX
            # A private crate may have the name of one that an advisory is about.
            is_theirs = _is_of_crates_io(package) and not self.source.private
            advisories = advisories_on(package) if is_theirs else ()
            file = self.file(package.name)
            verdict = self.rules.verdict_on_kept(self.source, file, unit) if file else None
            return Found(self.source.name, unit.cksum, here, unit.yanked, verdict, advisories)
        spelled = self.spelling(package.name)
        if spelled is not None and spelled != package.name:
            said = f"`{self.source.name}` has the crate `{package.name}` as `{spelled}`"
            return NotFound(said, self.source.name)
        return not_in(self.source, package, has_crate=spelled is not None)

    def unit(self, package: LockedPackage) -> Unit | None:
        """Return the unit of just this spelling and version."""
        if self.source.version is None:
            return None
        unit = self.known.units.get((self.source.version, key_of(package)))
        return unit if unit is not None and unit.name == package.name else None

    def spelling(self, name: str) -> str | None:
        """Return how the repository spells the name of a crate, None if it has none such."""
        if self.source.version is None:
            return None
        return self.known.spellings.get((self.source.version, canonical_name(name)))


@dataclass(frozen=True, slots=True)
class FromRemote:
    """An upstream registry: what its index says, and which of its files we keep.

    What we keep stands in where the index has nothing to say.
    """

    source: Upstream
    remote: UpstreamRemote
    kept: InRepository
    indexes: Indexes
    rules: Rules

    def file(self, name: str) -> File:
        """Return which index file a crate has."""
        return self.remote.pk, name.lower()

    def has(self, name: str) -> bool | None:
        """Return whether the upstream has the crate, None where only asking would tell."""
        found = self.indexes.has(self.file(name))
        return True if found or self._stands_in(name) else found

    def find(self, package: LockedPackage) -> Found | NotFound:
        """Return what the upstream's index says of a package, and whether its file is here."""
        file = self.file(package.name)
        if not self.indexes.has(file) and self._stands_in(package.name):
            return self.kept.find(package)
        if self.indexes.has(file) is None:
            unknown = (
                f"the index file of `{package.name}` from `{self.source.name}` is not here, or too old,"
                " and nobody was asked for it"
            )
            return NotFound(self.indexes.fault(file) or unknown, self.source.name)
        try:
            entry = self.entry(package)
            if entry is None:
                return not_in(self.source, package, has_crate=bool(self.indexes.has(file)))
            stored = self.stored(package, entry.cksum)
            verdict = self.rules.verdict(
                self.source, file, entry, stored.license if stored else None
            )
        except UpstreamIndexInvalid as error:
            return NotFound(str(error), self.source.name)
        here = Here.STORED if stored else Here.INDEX
        is_theirs = _is_of_crates_io(package) or is_crates_io(self.remote.url)
        advisories = advisories_on(package) if is_theirs else ()
        return Found(self.source.name, entry.cksum, here, entry.yanked, verdict, advisories)

    def stored(self, package: LockedPackage, cksum: str) -> Stored | None:
        """Return the unit whose file is sent for a package, if it came from this upstream before."""
        return self.kept.known.stored.get((self.remote.pk, package.name, package.vers, cksum))

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


def not_in(source: Upstream, package: LockedPackage, *, has_crate: bool) -> NotFound:
    """Return the word that an upstream has no such crate, or not this version of it."""
    if has_crate:
        said = f"the crate `{package.name}` has no version `{package.vers}` in `{source.name}`"
    else:
        said = f"`{source.name}` has no crate `{package.name}`"
    return NotFound(said, source.name)
