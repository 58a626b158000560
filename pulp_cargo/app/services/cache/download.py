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
class DownloadRequest:
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
class AvailableFile:
    """A file that is stored, or that a sync left with its upstream; fresh for `fresh_for` seconds."""

    file: StoredFile | OnDemandFile
    fresh_for: float | None


@dataclass(frozen=True, slots=True)
class ListedVersionFile:
    """A version in a remote's index; `stored` is its file, if one is stored and intact."""

    upstream: RemoteUpstream
    version: UpstreamVersion
    fresh_for: float | None = None
    stored: CachedFile | None = None
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class UpstreamFacts:
    """What was found about a version in one upstream: facts for the decision, and a file or error."""

    facts: VersionFacts
    found: AvailableFile | ListedVersionFile | None = None
    error: RegistryError | None = None


async def locate(request: DownloadRequest) -> AvailableFile | SharedFetch:
    """Return the file with the checksum in the index: a stored one, or its fetch.

    Raises VersionNotFound, VersionRefused, VersionReplaced, and the errors of an upstream.
    """
    upstreams = request.registry.upstreams
    # Names come first: a private name must not reach an upstream.
    answer = upstreams.answer
    if answer is None:
        answer = await threads.read(who_may_answer, upstreams, request.lower_name)
    looked: dict[str, UpstreamFacts] = {}
    decisions: dict[str, Decision] = {}
    while isinstance(step := of_version(answer, decisions), Ask):
        upstream = upstreams.by_name[step.upstreams[0]]
        looked[upstream.name] = found = await _look(request, upstream)
        decisions[upstream.name] = decide(found.facts)
    if step is None:
        raise VersionNotFound(request.name, request.vers)
    upstream_name, decision = step
    return _outcome(request, looked[upstream_name], decision)


def _outcome(
    request: DownloadRequest, looked: UpstreamFacts, decision: Decision
) -> AvailableFile | SharedFetch:
    found = looked.found
    if not decision.is_served or found is None:
        raise looked.error or VersionNotFound(request.name, request.vers)
    if isinstance(found, AvailableFile):
        return found
    if found.upstream.whole_store is not None:
        request.cache.whole_crates.bring(request.registry, found.upstream, request.name)
    if found.stored is None:
        return _fetch(request, found)
    if not found.stored.is_member:
        _to_store(request, found).link(found.stored.unit)
    # A file is never fresh for longer than the index that has its checksum.
    most = float(found.upstream.remote.max_age)
    return AvailableFile(
        found.stored.file, most if found.fresh_for is None else min(found.fresh_for, most)
    )


async def _look(request: DownloadRequest, upstream: Upstream) -> UpstreamFacts:
    policies, cache = request.registry.upstreams.policies_of(upstream), request.cache
    until = request.registry.upstreams.until
    if isinstance(upstream, RemoteUpstream) and not policies and until is None:
        # An index in memory is enough where no policy needs the versions of the whole crate.
        known = cache.parsed_indexes.known(upstream.remote, request.lower_name).get(request.vers)
        if known is not None:
            return await _listed(request, ListedVersionFile(upstream, known))
    asked = cache.index_files, request.registry.urls, upstream, request.lower_name
    found = await resolve.ask(*asked, at_any_age=True, until=until)
    if isinstance(found, FromIndex) and not (found.fresh_for or await _version(request, found)):
        # Our copy may be too old to have it: then what the index is served from decides.
        found = await resolve.ask(*asked, until=until)
    if found is None:
        return UpstreamFacts(VersionFacts(CrateState.ABSENT))
    if isinstance(found, Unanswered):
        return UpstreamFacts(VersionFacts(found.state), error=found.error)
    if not isinstance(found, FromIndex):
        return await _stored(request, found)
    version = await _version(request, found)
    if version is None:
        return await _unlisted(request, found)
    return await _listed_under_policies(request, found, version)


async def _version(request: DownloadRequest, found: FromIndex) -> UpstreamVersion | None:
    if request.vers in found.later:
        return None
    return (await found.index(request.lower_name)).versions.get(request.vers)


async def _stored(request: DownloadRequest, found: Resolved) -> UpstreamFacts:
    """Look in a repository, which stands in for its upstream or is an upstream itself."""
    fresh_for = None
    if isinstance(found, FromStore):
        if request.vers in found.later:
            return UpstreamFacts(VersionFacts(found.state))
        decision = await request.cache.policies.evaluate(
            request.registry.upstreams, found, request.lower_name
        )
        if decision is not None:
            if error := await request.cache.policies.refusal(decision, request.vers):
                return _refused(found.state, error)
            fresh_for = evaluate.good_for(decision)
    file = await _file_in_repository(request, found.upstream)
    if file is None:
        return UpstreamFacts(VersionFacts(found.state))
    if found.state is CrateState.STORED:
        # The upstream may come back soon, with other bytes.
        fresh_for = (
            timeouts.STAND_IN_SECONDS
            if fresh_for is None
            else min(timeouts.STAND_IN_SECONDS, fresh_for)
        )
    has_file = isinstance(file, StoredFile)
    facts = VersionFacts(found.state, is_listed=True, has_file=has_file)
    return UpstreamFacts(facts, AvailableFile(file, fresh_for))


async def _unlisted(request: DownloadRequest, found: FromIndex) -> UpstreamFacts:
    """Look for the stored file of a version that the upstream's index no longer has."""
    file = None
    # A policy cannot be evaluated for a version that is not in the index, nor its time be known.
    upstreams = request.registry.upstreams
    if upstreams.until is None and not upstreams.policies_of(found.upstream, stored=True):
        file = await _file_in_repository(request, found.upstream)
    if file is None:
        return UpstreamFacts(VersionFacts(found.state))
    facts = VersionFacts(found.state, has_unlisted_file=True)
    return UpstreamFacts(facts, AvailableFile(file, timeouts.STAND_IN_SECONDS))


async def _listed_under_policies(
    request: DownloadRequest, found: FromIndex, version: UpstreamVersion
) -> UpstreamFacts:
    """Look for a listed version's file, unless the policies in force refuse the version."""
    upstreams, policies = request.registry.upstreams, request.cache.policies
    decision = await policies.evaluate(upstreams, found, request.lower_name)
    if decision is None:
        return await _listed(request, ListedVersionFile(found.upstream, version))
    if error := await policies.refusal(decision, version.vers):
        return _refused(found.state, error)
    looked = await _listed(
        request, ListedVersionFile(found.upstream, version, evaluate.good_for(decision))
    )
    if isinstance(looked.found, ListedVersionFile) and evaluate.asks_for_licenses(
        upstreams, found.upstream
    ):
        licenses = {version.vers: await _license(request, looked.found)}
        decision = await policies.evaluate(upstreams, found, request.lower_name, licenses)
        if decision and (error := await policies.refusal(decision, version.vers)):
            return _refused(found.state, error)
    return looked


async def _listed(request: DownloadRequest, listed: ListedVersionFile) -> UpstreamFacts:
    """Look for a listed version's file: stored, or still available from the upstream."""
    cksum = listed.version.cksum
    request.leases.enter_context(request.cache.fetches.leased_if_running(*_key(request, listed)))
    cached = await _cached(request, listed.upstream, cksum)
    facts = VersionFacts(
        CrateState.LISTED,
        is_listed=True,
        has_file=cached.file is not None,
        is_replaced=cached.replaced_by is not None,
    )
    if cached.replaced_by is not None:
        error = VersionReplaced(request.name, request.vers, cksum, cached.replaced_by)
        return UpstreamFacts(facts, error=error)
    return UpstreamFacts(facts, replace(listed, stored=cached.file, is_damaged=cached.is_damaged))


async def _cached(request: DownloadRequest, upstream: RemoteUpstream, cksum: str) -> CachedVersion:
    """Return what is stored of a listed version, and whether its upstream has replaced the bytes."""
    waiting = request.cache.index_store.waiting(upstream.remote, request.lower_name)
    domain, name, vers = request.registry.domain, request.name, request.vers
    cached = await threads.read(
        crate_file.cached_version, upstream, domain, name, vers, cksum, in_row=waiting is None
    )
    if waiting is None or cached.file is not None:
        return cached
    # The answer of the upstream is newer than the row.
    before, now = waiting.replaced.get(vers, (None, None))
    return replace(cached, replaced_by=now if before == cksum else None)


async def _license(request: DownloadRequest, listed: ListedVersionFile) -> str:
    """Return the licence of a file, which is fetched if it is not stored; empty for none."""
    if listed.stored is not None:
        return listed.stored.license or ""
    fetch = _fetch(request, listed)
    await fetch.ended()
    readers = request.cache.readers
    return await threads.examine(fetch.whole.size, fetch.license, readers) or ""


def _fetch(request: DownloadRequest, listed: ListedVersionFile) -> SharedFetch:
    """Return the fetch of a file, which another request may have started."""
    to_store = _to_store(request, listed)
    done = to_store.restore if listed.is_damaged else to_store.persist
    fetch = request.cache.fetches.fetch(*_key(request, listed), done)
    request.leases.enter_context(fetch.leased())
    return fetch


def _to_store(request: DownloadRequest, listed: ListedVersionFile) -> VersionToStore:
    queue, domain = request.cache.persist_queue, request.registry.domain
    return VersionToStore(queue, domain, listed.upstream, listed.version)


def _key(
    request: DownloadRequest, listed: ListedVersionFile
) -> tuple[UpstreamRemote, str, str, str]:
    return listed.upstream.remote, request.name, listed.version.vers, listed.version.cksum


def _refused(state: CrateState, error: VersionRefused) -> UpstreamFacts:
    return UpstreamFacts(VersionFacts(state, is_listed=True, is_refused=True), error=error)


async def _file_in_repository(
    request: DownloadRequest, upstream: Upstream
) -> StoredFile | OnDemandFile | None:
    domain = request.registry.domain
    return await threads.read(crate_file.crate_file, upstream, domain, request.name, request.vers)
