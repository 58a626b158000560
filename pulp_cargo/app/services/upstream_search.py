"""Searches that are sent to the upstreams of a registry, for crates that it has not stored.

They are an addition to what the catalogs have: an upstream that is slow, fails or sends nonsense
costs its hits and nothing else. An upstream gets at most one search a second from all processes
together, and none with a name that is private here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from django.db import Error

from pulp_cargo.app.queries.names import claims
from pulp_cargo.app.queries.registry.registry import Registry, RegistryUpstreams
from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, UpstreamRemote
from pulp_cargo.app.runtime import statements, threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.runtime.ttl_cache import TtlCache
from pulp_cargo.app.upstream.client import UpstreamClients
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.unavailable import UpstreamLeftAlone
from pulp_cargo.protocol.web_api.search import SearchQuery
from pulp_cargo.protocol.web_api.upstream_search import UpstreamHit, parse_search_response
from pulp_cargo.rules.search_words import names_in
from pulp_cargo.rules.upstream_order import may_learn

log = logging.getLogger(__name__)

# Maximum size of all remembered responses in bytes; one is always smaller.
MOST_BYTES = 8 * 1024 * 1024
# What an entry takes besides its texts.
ENTRY_BYTES = 1_000
# Maximum number of searches of a process that wait for upstreams at once.
MOST_WAITING = 32

# Only one of several processes gets the row that it returns.
TAKE_TURN = """
    INSERT INTO cargo_upstreamsearch (remote_id, sent_at) VALUES (%(remote)s, clock_timestamp())
    ON CONFLICT (remote_id) DO UPDATE SET sent_at = clock_timestamp()
    WHERE cargo_upstreamsearch.sent_at <= clock_timestamp() - %(seconds)s * interval '1 second'
    RETURNING true
"""

Hits = tuple[UpstreamHit, ...]
Key = tuple[tuple[UUID, str], str]
# Whether an upstream may still get a text.
MaySend = Callable[[], Awaitable[bool]]


class NameIsPrivate(Exception):
    """A text had to wait, and now it could mean a name that is private here."""

    def __init__(self) -> None:
        super().__init__("one of its words has become a private name")


@dataclass(frozen=True, slots=True)
class Response:
    """The hits in a response of an upstream, and how much memory they count for."""

    hits: Hits
    size: int


class UpstreamSearches:
    """The searches of one process, used on one event loop."""

    def __init__(self, clients: UpstreamClients, background: BackgroundTasks) -> None:
        self._clients, self._background = clients, background
        self._responses: TtlCache[Key, Response] = TtlCache(MOST_BYTES, lambda one: one.size)
        self._running: dict[Key, asyncio.Task[Hits]] = {}
        # Weak, so that a lock lasts only while it is waited for.
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def ask(self, registry: Registry, query: SearchQuery) -> Mapping[str, Hits]:
        """Return what the upstreams of a registry have found, by their names in the registry."""
        searched = [
            one
            for one in registry.upstreams.listed
            if isinstance(one, RemoteUpstream) and one.remote.searches
        ]
        names = names_in(query.text) if searched and query.is_text_only else None
        if names is None:
            return {}

        async def that_may_learn(some: Sequence[RemoteUpstream]) -> Sequence[RemoteUpstream]:
            return await threads.read(_that_may_learn, registry.upstreams, some, names)

        async def hits(one: RemoteUpstream) -> Hits:
            async def may_send() -> bool:
                return bool(await that_may_learn([one]))

            return await self._hits(one.remote, text, may_send)

        text = " ".join(query.text.split())
        asked = await that_may_learn(searched)
        found = await asyncio.gather(*(hits(one) for one in asked))
        return {one.name: hits for one, hits in zip(asked, found, strict=True)}

    async def _hits(self, remote: UpstreamRemote, text: str, may_send: MaySend) -> Hits:
        key = remote.identity, text
        if (known := self._responses.get(key)) is not None:
            return known.hits
        task = self._running.get(key)
        if task is None:
            if len(self._running) >= MOST_WAITING:
                return ()
            task = self._running[key] = self._background.spawn(
                self._search(key, remote, text, may_send),
                failure=f"The search of `{remote.name}` failed",
                wait_at_exit=False,
            )
        # The task goes on without this request: others may wait for it, too.
        await asyncio.wait([task])
        return () if task.cancelled() or task.exception() else task.result()

    async def _search(self, key: Key, remote: UpstreamRemote, text: str, may_send: MaySend) -> Hits:
        try:
            async with asyncio.timeout(timeouts.UPSTREAM_SEARCH_WAIT_SECONDS):
                body = await self._send(remote, text, may_send)
            hits = () if body is None else await threads.work(parse_search_response, body)
        except (RegistryError, NameIsPrivate, TimeoutError, Error) as error:
            # Not the text, which is what a user was looking for.
            log.info("`%s` was not searched: %s", remote.name, str(error) or "it takes too long")
            return ()
        finally:
            self._running.pop(key, None)
        size = ENTRY_BYTES + len(body or b"")
        seconds = timeouts.UPSTREAM_SEARCH_MEMORY_SECONDS
        self._responses.put(key, Response(hits, size), seconds)
        return hits

    async def _send(self, remote: UpstreamRemote, text: str, may_send: MaySend) -> bytes | None:
        """Send a search when it is its turn; raises NameIsPrivate and the errors of `Client.search`."""
        async with self._clients.in_use(remote) as client:
            async with self._turns.setdefault(remote.pk, asyncio.Lock()):
                if client.search_pause:
                    raise UpstreamLeftAlone(remote.name)
                while not await threads.write(_take_turn, remote.pk):
                    await asyncio.sleep(timeouts.UPSTREAM_SEARCH_TURN_PAUSE_SECONDS)
            # A crate may have been published while the search waited.
            if not await may_send():
                raise NameIsPrivate
            return await client.search(text)


def _that_may_learn(
    upstreams: RegistryUpstreams, asked: Sequence[RemoteUpstream], names: Collection[str]
) -> Sequence[RemoteUpstream]:
    """Return those of some upstreams that may get a text that could mean these names."""
    if upstreams.order is None:
        return asked
    claimed = claims.claimed(upstreams.listed, names)
    return [one for one in asked if may_learn(upstreams.order, one.name, names, claimed)]


def _take_turn(remote: UUID) -> bool:
    """Return whether a search may be sent to a remote now; the next may be sent a second later."""
    seconds = timeouts.UPSTREAM_SEARCH_INTERVAL_SECONDS
    return bool(statements.ask(TAKE_TURN, {"remote": remote, "seconds": seconds}).fetch())
