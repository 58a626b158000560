"""The HTTP clients of a process, one for each remote; they follow changes of the remotes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakValueDictionary

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.models.core import release_session
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.upstream.client import Client
from pulp_cargo.protocol.unavailable import UpstreamUnreachable

# A replaced client stays open for as long as fetching a file may take, in seconds.
GRACE_SECONDS = timeouts.UPSTREAM_FILE_TIMEOUT_SECONDS


@dataclass(slots=True, eq=False)
class RemoteClient:
    """A client with the row that it was created from."""

    row: CargoRemote
    client: Client
    # Running requests, and whether the client is closed when the last of them ends.
    requests: int = 0
    is_deleted: bool = False

    @property
    def updated(self) -> datetime | None:
        """When the row was last changed."""
        return self.row.pulp_last_updated

    async def close(self) -> None:
        """Close the connections, and drop the credentials."""
        release_session(self.row)
        await self.client.close()


class UpstreamClients:
    """The clients of a process, used on one event loop."""

    def __init__(self, background: BackgroundTasks) -> None:
        self._background = background
        self._clients: dict[UUID, RemoteClient] = {}
        self._retired: set[RemoteClient] = set()
        # Weak, so that a lock lasts only while it is waited for, and deleted remotes leave none.
        self._making: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._checking: asyncio.Task[None] | None = None

    async def client_of(self, remote: UpstreamRemote) -> Client:
        """Return the current client of a remote; raises UpstreamUnreachable if the remote is gone."""
        return (await self._of(remote)).client

    @asynccontextmanager
    async def in_use(self, remote: UpstreamRemote) -> AsyncIterator[Client]:
        """Return the client, and keep it open until the block ends; raises UpstreamUnreachable."""
        entry = await self._of(remote)
        entry.requests += 1
        try:
            yield entry.client
        finally:
            entry.requests -= 1
            if entry.is_deleted:
                self._close_unused(entry)

    def known(self, remote: UpstreamRemote) -> Client | None:
        """Return the client of a remote if one exists for the row as the caller has read it."""
        entry = self._known(remote)
        return None if entry is None else entry.client

    async def drop_outdated(self) -> None:
        """Retire the clients of changed remotes, and close those of deleted ones."""
        clients = dict(self._clients)
        updated = await threads.read(_updated, list(clients))
        for pk, entry in clients.items():
            if self._clients.get(pk) is not entry:
                continue
            if pk not in updated:
                self._drop_deleted(pk)
            elif updated[pk] != entry.updated:
                self._retire(self._clients.pop(pk))

    def check_soon(self) -> None:
        """Drop outdated clients in the background, because a remote may have changed."""
        if self._clients:
            self._background.spawn(
                self.drop_outdated(),
                failure="The connections to upstreams could not be checked for changes of their"
                " remotes",
            )

    async def close(self) -> None:
        """Close every connection."""
        if self._checking is not None:
            self._checking.cancel()
        for entry in [*self._clients.values(), *self._retired]:
            await entry.close()
        self._clients.clear()
        self._retired.clear()

    def _known(self, remote: UpstreamRemote) -> RemoteClient | None:
        entry = self._clients.get(remote.pk)
        return entry if entry is not None and entry.updated == remote.updated else None

    async def _of(self, remote: UpstreamRemote) -> RemoteClient:
        entry = self._known(remote)
        if entry is not None:
            return entry
        async with self._making.setdefault(remote.pk, asyncio.Lock()):
            return self._known(remote) or await self._current(remote)

    async def _current(self, remote: UpstreamRemote) -> RemoteClient:
        """Return the client for the current row, which the caller may have read before a change."""
        row = await threads.read(CargoRemote.objects.filter(pk=remote.pk).first)
        if row is None:
            self._drop_deleted(remote.pk)
            raise UpstreamUnreachable(remote.name, "it was removed")
        before = self._clients.get(remote.pk)
        # Compare for equality, not order: the servers that change remotes have different clocks.
        if before is not None and before.updated == row.pulp_last_updated:
            return before
        entry = self._clients[remote.pk] = RemoteClient(row, Client(row))
        if before is not None:
            self._retire(before)
        self._check_regularly()
        return entry

    def _retire(self, entry: RemoteClient) -> None:
        """Close a client after its running requests have had time to finish."""
        self._retired.add(entry)
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self._close_retired, entry)

    def _drop_deleted(self, remote: UUID) -> None:
        """Close the clients of a deleted remote as soon as their requests have ended."""
        if (entry := self._clients.pop(remote, None)) is not None:
            self._retired.add(entry)
        for retired in [one for one in self._retired if one.row.pk == remote]:
            retired.is_deleted = True
            self._close_unused(retired)

    def _close_unused(self, entry: RemoteClient) -> None:
        if not entry.requests:
            self._close_retired(entry)

    def _close_retired(self, entry: RemoteClient) -> None:
        """Close a retired client, unless `close` has already done so."""
        if entry in self._retired:
            self._retired.discard(entry)
            self._background.spawn(
                entry.close(), failure=f"The connections to `{entry.row.name}` were not closed"
            )

    def _check_regularly(self) -> None:
        """Check for outdated clients at intervals, since a client may not be asked for again."""
        if self._checking is None or self._checking.done():
            self._checking = self._background.spawn(
                self._check(),
                failure="The connections to upstreams are no longer checked for changes of their"
                " remotes",
                wait_at_exit=False,
            )

    async def _check(self) -> None:
        while self._clients:
            await asyncio.sleep(timeouts.UPSTREAM_CLIENTS_CHECK_INTERVAL_SECONDS)
            # In a task of its own, so that a failure, such as of the database, does not end the loop.
            self.check_soon()


def _updated(remotes: list[UUID]) -> dict[UUID, datetime | None]:
    rows = CargoRemote.objects.filter(pk__in=remotes)
    return dict(rows.values_list("pk", "pulp_last_updated"))
