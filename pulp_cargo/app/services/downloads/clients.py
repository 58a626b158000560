"""The clients of this process, one for each remote that it has asked lately."""

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
from pulp_cargo.app.runtime.background import spawn
from pulp_cargo.app.upstream.client import Client
from pulp_cargo.protocol.unavailable import UpstreamUnreachable

# A client that another takes the place of lives on for as many seconds as a file may take.
GRACE_SECONDS = timeouts.UPSTREAM_FILE_TIMEOUT_SECONDS


@dataclass(slots=True, eq=False)
class RemoteClient:
    """A client with the row that it was made of."""

    row: CargoRemote
    client: Client
    # Downloads under way, and whether the client is to be closed with the last of them.
    downloads: int = 0
    is_deleted: bool = False

    @property
    def updated(self) -> datetime | None:
        """When the row was changed last."""
        return self.row.pulp_last_updated

    async def close(self) -> None:
        """Close the connections, and let go of the credentials."""
        release_session(self.row)
        await self.client.close()


class UpstreamClients:
    """The clients of a process; lives on one event loop."""

    def __init__(self) -> None:
        self._clients: dict[UUID, RemoteClient] = {}
        self._retired: set[RemoteClient] = set()
        # Only as long as somebody waits: remotes that are deleted leave nothing here.
        self._making: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._checking: asyncio.Task[None] | None = None

    async def client_of(self, remote: UpstreamRemote) -> Client:
        """Return the client of a remote as it is now; raises UpstreamUnreachable for none."""
        return (await self._of(remote)).client

    @asynccontextmanager
    async def for_download(self, remote: UpstreamRemote) -> AsyncIterator[Client]:
        """Return the client, which is not closed before the block ends; raises UpstreamUnreachable."""
        made = await self._of(remote)
        made.downloads += 1
        try:
            yield made.client
        finally:
            made.downloads -= 1
            if made.is_deleted:
                self._close_unused(made)

    def known(self, remote: UpstreamRemote) -> Client | None:
        """Return the client of a remote if there is one for what the caller knows of it."""
        made = self._known(remote)
        return None if made is None else made.client

    async def drop_outdated(self) -> None:
        """Retire the clients of remotes that were changed; close those of remotes that are gone."""
        clients = dict(self._clients)
        updated = await threads.read(_updated, list(clients))
        for pk, made in clients.items():
            if self._clients.get(pk) is not made:
                continue
            if pk not in updated:
                self._drop_deleted(pk)
            elif updated[pk] != made.updated:
                self._retire(self._clients.pop(pk))

    def check_soon(self) -> None:
        """Drop what is outdated, in the background, because a remote may have been changed."""
        if self._clients:
            spawn(self.drop_outdated(), failure="Clients of upstream registries were not checked")

    async def close(self) -> None:
        """Close every connection."""
        if self._checking is not None:
            self._checking.cancel()
        for made in [*self._clients.values(), *self._retired]:
            await made.close()
        self._clients.clear()
        self._retired.clear()

    def _known(self, remote: UpstreamRemote) -> RemoteClient | None:
        made = self._clients.get(remote.pk)
        return made if made is not None and made.updated == remote.updated else None

    async def _of(self, remote: UpstreamRemote) -> RemoteClient:
        made = self._known(remote)
        if made is not None:
            return made
        async with self._making.setdefault(remote.pk, asyncio.Lock()):
            return self._known(remote) or await self._current(remote)

    async def _current(self, remote: UpstreamRemote) -> RemoteClient:
        """Return the client for the row as it is, which the caller may know as it was before."""
        row = await threads.read(CargoRemote.objects.filter(pk=remote.pk).first)
        if row is None:
            self._drop_deleted(remote.pk)
            raise UpstreamUnreachable(remote.name, "it was removed")
        before = self._clients.get(remote.pk)
        # Not by which is later: the servers that change remotes have clocks of their own.
        if before is not None and before.updated == row.pulp_last_updated:
            return before
        made = self._clients[remote.pk] = RemoteClient(row, Client(row))
        if before is not None:
            self._retire(before)
        self._check_regularly()
        return made

    def _retire(self, made: RemoteClient) -> None:
        """Let a client finish what it does, and close it then."""
        self._retired.add(made)
        asyncio.get_running_loop().call_later(GRACE_SECONDS, self._close_retired, made)

    def _drop_deleted(self, remote: UUID) -> None:
        """Close the clients of a remote that is gone, as soon as their downloads have ended."""
        if (made := self._clients.pop(remote, None)) is not None:
            self._retired.add(made)
        for retired in [one for one in self._retired if one.row.pk == remote]:
            retired.is_deleted = True
            self._close_unused(retired)

    def _close_unused(self, made: RemoteClient) -> None:
        if not made.downloads:
            self._close_retired(made)

    def _close_retired(self, made: RemoteClient) -> None:
        """Close a client that is not among the clients any more, unless all were closed."""
        if made in self._retired:
            self._retired.discard(made)
            spawn(made.close(), failure=f"The connections to `{made.row.name}` were not closed")

    def _check_regularly(self) -> None:
        """Look for clients that nobody asks for again, as long as there are any."""
        if self._checking is None or self._checking.done():
            self._checking = spawn(
                self._check(),
                failure="Clients of upstream registries are not checked any more",
                wait_at_exit=False,
            )

    async def _check(self) -> None:
        while self._clients:
            await asyncio.sleep(timeouts.UPSTREAM_CLIENTS_CHECK_INTERVAL_SECONDS)
            # One failure, such as a database that is away, must not be the end of it.
            self.check_soon()


def _updated(remotes: list[UUID]) -> dict[UUID, datetime | None]:
    rows = CargoRemote.objects.filter(pk__in=remotes)
    return dict(rows.values_list("pk", "pulp_last_updated"))


# Those of this process.
upstream_clients = UpstreamClients()
client_of = upstream_clients.client_of
known = upstream_clients.known
