"""Storing all versions of a crate once one is requested, for remotes with the policy `immediate`."""

import asyncio
import logging
from uuid import UUID

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams import stores
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.ttl_cache import TtlCache
from pulp_cargo.app.services.cache import resolve
from pulp_cargo.app.services.cache.index_file import IndexFiles
from pulp_cargo.app.services.cache.resolve import FromIndex
from pulp_cargo.app.services.fetch.persist_queue import PersistQueue, VersionToStore
from pulp_cargo.app.services.fetch.shared_fetch import SharedFetches
from pulp_cargo.app.services.policies.evaluate import Policies
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.unavailable import UpstreamFailed
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.resolution import Decision, VersionFacts, decide

log = logging.getLogger(__name__)

# Maximum number of crates fetched at once, to spare the upstream, and of those that wait.
AT_ONCE = 2
MOST_WAITING = 10_000

Key = tuple[UUID, str]


class WholeCrates:
    """The crates of which a process is storing all versions, or has recently done so."""

    def __init__(
        self,
        index_files: IndexFiles,
        fetches: SharedFetches,
        queue: PersistQueue,
        policies: Policies,
        background: BackgroundTasks,
    ) -> None:
        self._index_files, self._policies = index_files, policies
        self._fetches, self._queue, self._background = fetches, queue, background
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._whole: TtlCache[Key, bool] = TtlCache(10_000)
        self._coming: set[Key] = set()

    def bring(self, registry: Registry, upstream: RemoteUpstream, name: str) -> None:
        """Store every version of a crate in the background, one after the other.

        Does nothing for a remote with another policy or without a repository for its versions.
        """
        store = upstream.whole_store
        if store is None:
            return
        key = store, name.lower()
        if self._whole.get(key) or key in self._coming or len(self._coming) >= MOST_WAITING:
            return
        self._coming.add(key)
        # After a failure, the next download of the crate starts this again.
        self._background.spawn(
            self._bring(registry, upstream, store, name),
            failure=f"Not all versions of `{name}` could be stored",
            wait_at_exit=False,
        ).add_done_callback(lambda _: self._coming.discard(key))

    async def _bring(
        self, registry: Registry, upstream: RemoteUpstream, store: UUID, name: str
    ) -> None:
        async with self._turns:
            found = await resolve.ask(
                self._index_files, registry.urls, upstream, name.lower(), at_any_age=True
            )
            if not isinstance(found, FromIndex):
                return
            here = await threads.read(stores.stored_checksums, store, canonical_name(name))
            decision = await self._policies.evaluate(registry.upstreams, found, name.lower())
            left_out = decision.left_out if decision else frozenset()
            for vers, version in (await found.index(name.lower())).versions.items():
                facts = VersionFacts(
                    found.state,
                    is_listed=True,
                    has_file=version.cksum in here,
                    is_refused=vers in left_out,
                )
                if decide(facts) is Decision.FETCH:
                    await self._bring_version(registry, upstream, store, name, version)
            self._whole.put((store, name.lower()), True, timeouts.WHOLE_CRATE_SECONDS)

    async def _bring_version(
        self,
        registry: Registry,
        upstream: RemoteUpstream,
        store: UUID,
        name: str,
        version: UpstreamVersion,
    ) -> None:
        file = upstream.remote, name, version.vers, version.cksum
        with self._fetches.leased_if_running(*file):
            # A fetch for a client may have stored it meanwhile.
            if await threads.read(stores.has_file, store, version.cksum):
                return
            to_store = VersionToStore(self._queue, registry.domain, upstream, version)
            fetch = self._fetches.fetch(*file, to_store.persist)
            with fetch.leased():
                try:
                    await fetch.ended()
                except UpstreamFailed as error:
                    # Other versions may succeed.
                    log.info("%s", error)
