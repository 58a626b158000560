"""The clients of this process, one for each remote that it has asked lately."""

import asyncio
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.queries.sources import RemoteView
from pulp_cargo.app.services import threads
from pulp_cargo.app.upstream.client import Client
from pulp_cargo.protocol.unavailable import UpstreamUnreachable

# A client that another takes the place of has so many seconds to finish.
GRACE = 60

_clients: dict[UUID, tuple[datetime | None, Client]] = {}
_making: dict[UUID, asyncio.Lock] = {}


async def client_of(remote: RemoteView) -> Client:
    """Return the client of a remote as it is now; raises UpstreamUnreachable for none."""
    found = known(remote)
    if found is not None:
        return found
    async with _making.setdefault(remote.pk, asyncio.Lock()):
        return known(remote) or await _make(remote)


def known(remote: RemoteView) -> Client | None:
    """Return the client of a remote if there is one."""
    updated, client = _clients.get(remote.pk, (None, None))
    return client if client is not None and updated == remote.updated else None


async def close_all() -> None:
    """Close every connection."""
    for _, client in _clients.values():
        await client.close()
    _clients.clear()


async def _make(remote: RemoteView) -> Client:
    row = await threads.read(CargoRemote.objects.filter(pk=remote.pk).first)
    if row is None:
        raise UpstreamUnreachable(remote.name, "it was removed")
    before = _clients.get(remote.pk)
    if before is not None:
        loop = asyncio.get_running_loop()
        loop.call_later(GRACE, lambda: loop.create_task(before[1].close()))
    client = Client(row)
    _clients[remote.pk] = remote.updated, client
    return client
