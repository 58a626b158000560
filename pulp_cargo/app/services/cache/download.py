"""A download through a cache: the stored file of a crate version, or a fetch of it from its upstream."""

from contextlib import ExitStack
from dataclasses import dataclass, replace

from pulp_cargo.app.queries.crates import crate_file
from pulp_cargo.app.queries.crates.crate_file import (
    CachedFile,
    CachedVersion,
    OnDemandFile,
    StoredFile,
)
from pulp_cargo.app.queries.names.claims import who_may_answer
from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, Upstream, UpstreamRemote
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.services.cache import resolve
from pulp_cargo.app.services.cache.cache import Cache
from pulp_cargo.app.services.cache.resolve import FromIndex, FromStore, Resolved, Unanswered
from pulp_cargo.app.services.fetch.persist_queue import VersionToStore
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetch
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.errors import (
    RegistryError,
    VersionNotFound,
    VersionRefused,
    VersionReplaced,
)
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.resolution import Ask, CrateState, Decision, VersionFacts, decide, of_version


@dataclass(frozen=True, slots=True)
class Wanted:
    """The version that a client requests; `leases` hold its fetches until the file is sent."""

    cache: Cache
    registry: Registry
    name: str
    vers: str
    leases: ExitStack

    @property
    def lower_name(self) -> str:
        """The name in lower case, the key of upstreams' index files."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Here:
    """A file that is stored, or that a sync left with its upstream; fresh for `fresh_for` seconds."""

    file: StoredFile | OnDemandFile
    fresh_for: float | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A version in a remote's index; `stored` is its file, if one is stored and intact."""

    upstream: RemoteUpstream
    version: UpstreamVersion
    fresh_for: float | None = None
    stored: CachedFile | None = None
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found about a version in one upstream: facts for the decision, and a file or error."""

    facts: VersionFacts
    found: Here | Listed | None = None
    error: RegistryError | None = None


async def locate(wanted: Wanted) -> Here | SharedFetch:
    """Return the file with the checksum in the index: a stored one, or its fetch.

    Raises VersionNotFound, VersionRefused, VersionReplaced, and the errors of an upstream.
    """
    upstreams = wanted.registry.upstreams
    # Names come first: a private name must not reach an upstream.
    answer = upstreams.answer
    if answer is None:
        answer = await threads.read(who_may_answer, upstreams, wanted.lower_name)
    looked: dict[str, Looked] = {}
    decisions: dict[str, Decision] = {}
    while isinstance(step := of_version(answer, decisions), Ask):
        upstream = upstreams.by_name[step.upstreams[0]]
        looked[upstream.name] = found = await _look(wanted, upstream)
        decisions[upstream.name] = decide(found.facts)
    if step is None:
        raise VersionNotFound(wanted.name, wanted.vers)
    upstream_name, decision = step
    return _outcome(wanted, looked[upstream_name], decision)


def _outcome(wanted: Wanted, looked: Looked, decision: Decision) -> Here | SharedFetch:
    found = looked.found
    if not decision.is_served or found is None:
        raise looked.error or VersionNotFound(wanted.name, wanted.vers)
    if isinstance(found, Here):
        return found
    if found.upstream.whole_store is not None:
        wanted.cache.whole_crates.bring(wanted.registry, found.upstream, wanted.name)
    if found.stored is None:
        return _fetch(wanted, found)
    if not found.stored.is_member:
        _to_store(wanted, found).link(found.stored.unit)
    # A file is never fresh for longer than the index that has its checksum.
    most = float(found.upstream.remote.max_age)
    return Here(found.stored.file, most if found.fresh_for is None else min(found.fresh_for, most))


async def _look(wanted: Wanted, upstream: Upstream) -> Looked:
    policies, cache = wanted.registry.upstreams.policies_of(upstream), wanted.cache
    until = wanted.registry.upstreams.until
    if isinstance(upstream, RemoteUpstream) and not policies and until is None:
        # An index in memory is enough where no policy needs the versions of the whole crate.
        known = cache.parsed_indexes.known(upstream.remote, wanted.lower_name).get(wanted.vers)
        if known is not None:
            return await _listed(wanted, Listed(upstream, known))
    asked = cache.index_files, wanted.registry.urls, upstream, wanted.lower_name
    found = await resolve.ask(*asked, at_any_age=True, until=until)
    if isinstance(found, FromIndex) and not (found.fresh_for or await _version(wanted, found)):
        # Our copy may be too old to have it: then what the index is served from decides.
        found = await resolve.ask(*asked, until=until)
    if found is None:
        return Looked(VersionFacts(CrateState.ABSENT))
    if isinstance(found, Unanswered):
        return Looked(VersionFacts(found.state), error=found.error)
    if not isinstance(found, FromIndex):
        return await _stored(wanted, found)
    version = await _version(wanted, found)
    if version is None:
        return await _unlisted(wanted, found)
    return await _listed_under_policies(wanted, found, version)


async def _version(wanted: Wanted, found: FromIndex) -> UpstreamVersion | None:
    if wanted.vers in found.later:
        return None
    return (await found.index(wanted.lower_name)).versions.get(wanted.vers)


async def _stored(wanted: Wanted, found: Resolved) -> Looked:
    """Look in a repository, which stands in for its upstream or is an upstream itself."""
    fresh_for = None
    if isinstance(found, FromStore):
        if wanted.vers in found.later:
            return Looked(VersionFacts(found.state))
        decision = await wanted.cache.policies.evaluate(
            wanted.registry.upstreams, found, wanted.lower_name
        )
        if decision is not None:
            if error := await wanted.cache.policies.refusal(decision, wanted.vers):
                return _refused(found.state, error)
            fresh_for = evaluate.good_for(decision)
    file = await _file_in_repository(wanted, found.upstream)
    if file is None:
        return Looked(VersionFacts(found.state))
    if found.state is CrateState.STORED:
        # The upstream may come back soon, with other bytes.
        fresh_for = (
            timeouts.STAND_IN_SECONDS
            if fresh_for is None
            else min(timeouts.STAND_IN_SECONDS, fresh_for)
        )
    has_file = isinstance(file, StoredFile)
    facts = VersionFacts(found.state, is_listed=True, has_file=has_file)
    return Looked(facts, Here(file, fresh_for))


async def _unlisted(wanted: Wanted, found: FromIndex) -> Looked:
    """Look for the stored file of a version that the upstream's index no longer has."""
    file = None
    # A policy cannot be evaluated for a version that is not in the index, nor its time be known.
    upstreams = wanted.registry.upstreams
    if upstreams.until is None and not upstreams.policies_of(found.upstream, stored=True):
        file = await _file_in_repository(wanted, found.upstream)
    if file is None:
        return Looked(VersionFacts(found.state))
    facts = VersionFacts(found.state, has_unlisted_file=True)
    return Looked(facts, Here(file, timeouts.STAND_IN_SECONDS))


async def _listed_under_policies(
    wanted: Wanted, found: FromIndex, version: UpstreamVersion
) -> Looked:
    """Look for a listed version's file, unless the policies in force refuse the version."""
    upstreams, policies = wanted.registry.upstreams, wanted.cache.policies
    decision = await policies.evaluate(upstreams, found, wanted.lower_name)
    if decision is None:
        return await _listed(wanted, Listed(found.upstream, version))
    if error := await policies.refusal(decision, version.vers):
        return _refused(found.state, error)
    looked = await _listed(wanted, Listed(found.upstream, version, evaluate.good_for(decision)))
    if isinstance(looked.found, Listed) and evaluate.asks_for_licenses(upstreams, found.upstream):
        licenses = {version.vers: await _license(wanted, looked.found)}
        decision = await policies.evaluate(upstreams, found, wanted.lower_name, licenses)
        if decision and (error := await policies.refusal(decision, version.vers)):
            return _refused(found.state, error)
    return looked


async def _listed(wanted: Wanted, listed: Listed) -> Looked:
    """Look for a listed version's file: stored, or still available from the upstream."""
    cksum = listed.version.cksum
    wanted.leases.enter_context(wanted.cache.fetches.leased_if_running(*_key(wanted, listed)))
    cached = await _cached(wanted, listed.upstream, cksum)
    facts = VersionFacts(
        CrateState.LISTED,
        is_listed=True,
        has_file=cached.file is not None,
        is_replaced=cached.replaced_by is not None,
    )
    if cached.replaced_by is not None:
        error = VersionReplaced(wanted.name, wanted.vers, cksum, cached.replaced_by)
        return Looked(facts, error=error)
    return Looked(facts, replace(listed, stored=cached.file, is_damaged=cached.is_damaged))


async def _cached(wanted: Wanted, upstream: RemoteUpstream, cksum: str) -> CachedVersion:
    """Return what is stored of a listed version, and whether its upstream has replaced the bytes."""
    waiting = wanted.cache.index_store.waiting(upstream.remote, wanted.lower_name)
    domain, name, vers = wanted.registry.domain, wanted.name, wanted.vers
    cached = await threads.read(
        crate_file.cached_version, upstream, domain, name, vers, cksum, in_row=waiting is None
    )
    if waiting is None or cached.file is not None:
        return cached
    # The answer of the upstream is newer than the row.
    before, now = waiting.replaced.get(vers, (None, None))
    return replace(cached, replaced_by=now if before == cksum else None)


async def _license(wanted: Wanted, listed: Listed) -> str:
    """Return the licence of a file, which is fetched if it is not stored; empty for none."""
    if listed.stored is not None:
        return listed.stored.license or ""
    fetch = _fetch(wanted, listed)
    await fetch.ended()
    readers = wanted.cache.readers
    return await threads.examine(fetch.whole.size, fetch.license, readers) or ""


def _fetch(wanted: Wanted, listed: Listed) -> SharedFetch:
    """Return the fetch of a file, which another request may have started."""
    to_store = _to_store(wanted, listed)
    done = to_store.restore if listed.is_damaged else to_store.persist
    fetch = wanted.cache.fetches.fetch(*_key(wanted, listed), done)
    wanted.leases.enter_context(fetch.leased())
    return fetch


def _to_store(wanted: Wanted, listed: Listed) -> VersionToStore:
    queue, domain = wanted.cache.persist_queue, wanted.registry.domain
    return VersionToStore(queue, domain, listed.upstream, listed.version)


def _key(wanted: Wanted, listed: Listed) -> tuple[UpstreamRemote, str, str, str]:
    return listed.upstream.remote, wanted.name, listed.version.vers, listed.version.cksum


def _refused(state: CrateState, error: VersionRefused) -> Looked:
    return Looked(VersionFacts(state, is_listed=True, is_refused=True), error=error)


async def _file_in_repository(
    wanted: Wanted, upstream: Upstream
) -> StoredFile | OnDemandFile | None:
    domain = wanted.registry.domain
    return await threads.read(crate_file.crate_file, upstream, domain, wanted.name, wanted.vers)
