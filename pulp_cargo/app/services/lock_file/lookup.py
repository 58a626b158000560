"""Looking up the packages of a lock file in the upstreams of a registry."""

from collections.abc import Iterator, Sequence

from pulp_cargo.app.queries import lock_file
from pulp_cargo.app.queries.lock_file import File, Known
from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import (
    RemoteUpstream,
    RepositoryUpstream,
    Upstream,
)
from pulp_cargo.app.services.lock_file.index_files import Indexes
from pulp_cargo.app.services.lock_file.policies import LockFilePolicies
from pulp_cargo.app.services.lock_file.upstreams import (
    FromRemote,
    InRepository,
    UpstreamLookup,
    key_of,
)
from pulp_cargo.app.services.policies.advisory_db import AdvisoryDatabase
from pulp_cargo.protocol.lock_file import LockedPackage
from pulp_cargo.protocol.lock_source import RegistrySource
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.rules.lock_check import Flag, Found, NotFound
from pulp_cargo.rules.resolution import Ask, CrateState, Decision, decide, has_crate, of_version
from pulp_cargo.rules.upstream_order import Answer, Order, OrderedUpstream, who_answers

Looked = tuple[LockedPackage, Found | NotFound, tuple[Flag, ...]]

# Maximum number of packages that are looked up together, since their index files are in memory.
BATCH = 500


class Lookup:
    """What a registry has of some packages, read in a few statements for all of them."""

    def __init__(
        self,
        advisories: AdvisoryDatabase,
        registry: Registry,
        packages: Sequence[LockedPackage],
    ) -> None:
        upstreams = registry.upstreams.all
        keys = sorted({key_of(package) for package in packages})
        self._urls = registry.urls
        self._order = registry.upstreams.order or Order(
            tuple(OrderedUpstream(one.name) for one in upstreams)
        )
        self._known = lock_file.known(
            registry.domain.pk,
            versions=[one.version for one in upstreams if one.version],
            remotes=[one.remote.pk for one in upstreams if isinstance(one, RemoteUpstream)],
            keys=keys,
        )
        # Removed versions claim a name, too: no other upstream may be asked for it.
        self._claimed = claims.claimed(upstreams, {name for name, _ in keys})
        self.indexes = Indexes(dict(_usable(upstreams, self._known)))
        self._policies = LockFilePolicies(
            advisories, registry.upstreams, self.indexes, {name for name, _ in keys}
        )
        self.upstreams = {one.name: self._lookup_in(one) for one in upstreams}

    def _lookup_in(self, upstream: Upstream) -> UpstreamLookup:
        if isinstance(upstream, RepositoryUpstream):
            return InRepository(upstream, self._known, self._policies)
        in_repository = InRepository(upstream, self._known, self._policies, CrateState.STORED)
        return FromRemote(upstream, in_repository, self.indexes, self._policies)

    def find(self, packages: Sequence[LockedPackage]) -> Iterator[Looked]:
        """Yield each package with what was found of it, and with its flags."""
        for start in range(0, len(packages), BATCH):
            yield from self._find(packages[start : start + BATCH])

    def _find(self, packages: Sequence[LockedPackage]) -> Iterator[Looked]:
        answers = [self.answer(package.name) for package in packages]
        pairs = list(zip(packages, answers, strict=True))
        self.indexes.read(
            {
                upstream.file(package.name)
                for package, answer in pairs
                for upstream in self.asked(answer)
                if isinstance(upstream, FromRemote)
            }
        )
        for package, answer in pairs:
            found = self._look(package, answer)
            yield package, found, tuple(self._flags(package, found))

    def answer(self, name: str) -> Answer:
        """Return which upstreams answer for a crate, as far as that is known here."""
        return who_answers(
            self._order,
            name,
            lambda upstream: has_crate(self.upstreams[upstream.name].state(name)),
            had=self._claimed.get(canonical_name(name), ()),
        )

    def asked(self, answer: Answer) -> list[UpstreamLookup]:
        """Return the upstreams that are asked, in order."""
        return [self.upstreams[name] for name in answer.ask]

    def _look(self, package: LockedPackage, answer: Answer) -> Found | NotFound:
        found: dict[str, Found | NotFound] = {}
        decisions: dict[str, Decision] = {}
        while isinstance(step := of_version(answer, decisions), Ask):
            upstream = step.upstreams[0]
            looked = self.upstreams[upstream].look(package)
            found[upstream], decisions[upstream] = looked.found, decide(looked.facts)
        return NotFound(self._nobody_has(package, answer)) if step is None else found[step[0]]

    def _nobody_has(self, package: LockedPackage, answer: Answer) -> str:
        sentence = f"this registry has no crate `{package.name}`"
        return sentence if len(self.upstreams) == 1 else f"{sentence}: {answer.sentence}"

    def _flags(self, package: LockedPackage, found: Found | NotFound) -> Iterator[Flag]:
        upstream = self.upstreams.get(found.upstream or "")
        if isinstance(upstream, FromRemote) and self.indexes.is_old(upstream.file(package.name)):
            yield Flag.OLD_INDEX
        private = {
            name
            for name, one in self.upstreams.items()
            if one.upstream.private and has_crate(one.state(package.name))
        }
        if not private:
            return
        source = package.source
        if not (isinstance(source, RegistrySource) and self._urls.is_own(source.url)):
            yield Flag.NAME_ALSO_PRIVATE
        name = canonical_name(package.name)
        if found.upstream in private and any(one == name for _, one in self._known.upstream):
            yield Flag.NAME_ALSO_UPSTREAM


def _usable(upstreams: Sequence[Upstream], known: Known) -> Iterator[tuple[File, bool]]:
    """Yield the cached index files that may still be used, and whether their crates exist."""
    remotes = {one.remote.pk: one.remote for one in upstreams if isinstance(one, RemoteUpstream)}
    for file, state in known.files.items():
        if remotes[file[0]].is_usable(state.checked_at, has_crate=state.exists):
            yield file, state.exists
