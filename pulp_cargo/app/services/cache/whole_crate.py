"""Keeping all versions of a crate once one of them was asked for, as the policy `immediate` has it."""

import asyncio
import logging
from uuid import UUID

from pulpcore.plugin.models import Remote

from pulp_cargo.app.queries.registry.registry import Registry
from pulp_cargo.app.queries.upstreams import stores
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.runtime.ttl_cache import TtlCache
from pulp_cargo.app.services.cache import resolve
from pulp_cargo.app.services.cache.resolve import FromIndex
from pulp_cargo.app.services.downloads import shared_downloads
from pulp_cargo.app.services.downloads.persist import Keeper
from pulp_cargo.app.services.policies import evaluate
from pulp_cargo.protocol.names import canonical_name
from pulp_cargo.protocol.unavailable import UpstreamFailed
from pulp_cargo.protocol.upstream_index import UpstreamVersion
from pulp_cargo.rules.resolution import Decision, VersionFacts, decide

log = logging.getLogger(__name__)

# So many crates are brought in at once, and so many may wait; the upstream serves others, too.
AT_ONCE = 2
MOST_WAITING = 10_000
# How long nobody looks again at a crate that was gone through, in seconds.
WHOLE_SECONDS = 600

Key = tuple[UUID, str]

_turns = asyncio.Semaphore(AT_ONCE)
_whole: TtlCache[Key, bool] = TtlCache(10_000)
_coming: dict[Key, asyncio.Task[None]] = {}


def bring(registry: Registry, upstream: RemoteUpstream, name: str) -> None:
    """Have every version of a crate stored, in the background and one after the other.

    Does nothing for a remote with another policy, or without a repository to store them in.
    """
    store = upstream.store
    if upstream.remote.policy != Remote.IMMEDIATE or store is None:
        return
    key = store, name.lower()
    if _whole.get(key) or key in _coming or len(_coming) >= MOST_WAITING:
        return
    task = asyncio.get_running_loop().create_task(_bring(registry, upstream, store, name))
    _coming[key] = task
    task.add_done_callback(lambda _: _coming.pop(key, None))


async def _bring(registry: Registry, upstream: RemoteUpstream, store: UUID, name: str) -> None:
    async with _turns:
        try:
            found = await resolve.ask(registry, upstream, name.lower(), at_any_age=True)
            if not isinstance(found, FromIndex):
                return
            here = await threads.read(stores.kept_checksums, store, canonical_name(name))
            decision = await evaluate.judge(registry, found, name.lower())
            left_out = decision.left_out if decision else frozenset()
            for vers, version in (await found.index(name.lower())).versions.items():
                facts = VersionFacts(
                    found.state,
                    is_listed=True,
                    has_file=version.cksum in here,
                    is_refused=vers in left_out,
                )
                if decide(facts) is Decision.FETCH:
                    await _bring_version(registry, upstream, store, name, version)
            _whole.keep((store, name.lower()), True, WHOLE_SECONDS)
        except Exception as error:
            # The next download of the crate begins again.
            log.warning("Not all versions of `%s` were stored: %s", name, error)


async def _bring_version(
    registry: Registry, upstream: RemoteUpstream, store: UUID, name: str, version: UpstreamVersion
) -> None:
    file = upstream.remote, name, version.vers, version.cksum
    with shared_downloads.leased_if_running(*file):
        # A client may have had it fetched since.
        if await threads.read(stores.has_file, store, version.cksum):
            return
        keeper = Keeper(registry.domain, upstream, version)
        download = shared_downloads.pull(*file, keeper.keep)
        with download.leased():
            try:
                await download.ended()
            except UpstreamFailed as error:
                # The others may be right.
                log.info("%s", error)
