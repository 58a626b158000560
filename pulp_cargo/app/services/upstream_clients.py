"""The clients of this process, one for each remote that it has asked lately."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.models.core import let_go_of_session
from pulp_cargo.app.queries.sources import RemoteView
from pulp_cargo.app.services import threads
from pulp_cargo.app.upstream.client import Client
from pulp_cargo.app.upstream.connection import FILE_SECONDS
from pulp_cargo.protocol.unavailable import UpstreamUnreachable

# A client that another takes the place of lives on for as many seconds as a file may take.
GRACE = FILE_SECONDS


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """A client with the row that it was made of."""

    row: CargoRemote
    client: Client

    @property
    def updated(self) -> datetime | None:
        return self.row.pulp_last_updated

    async def close(self) -> None:
        let_go_of_session(self.row)
        await self.client.close()


_clients: dict[UUID, _Made] = {}
_retired: set[_Made] = set()
_closing: set[asyncio.Task[None]] = set()
_making: dict[UUID, asyncio.Lock] = {}


async def client_of(remote: RemoteView) -> Client:
    """Return the client of a remote as it is now; raises UpstreamUnreachable for none."""
    found = known(remote)
    if found is not None:
        return found
    async with _making.setdefault(remote.pk, asyncio.Lock()):
        return known(remote) or await _current(remote)


def known(remote: RemoteView) -> Client | None:
    """Return the client of a remote if there is one for what the caller knows of it."""
    made = _clients.get(remote.pk)
    return made.client if made is not None and made.updated == remote.updated else None


async def close_all() -> None:
    """Close every connection."""
    for made in [*_clients.values(), *_retired]:
        await made.close()
    _clients.clear()
    _retired.clear()


async def _current(remote: RemoteView) -> Client:
    """Return the client for the row as it is, which the caller may know as it was before."""
    row = await threads.read(CargoRemote.objects.filter(pk=remote.pk).first)
    if row is None:
        raise UpstreamUnreachable(remote.name, "it was removed")
    before = _clients.get(remote.pk)
    # Not by which is later: the servers that change remotes have clocks of their own.
    if before is not None and before.updated == row.pulp_last_updated:
        return before.client
    made = _clients[remote.pk] = _Made(row, Client(row))
    if before is not None:
        _retired.add(before)
        asyncio.get_running_loop().call_later(GRACE, _close, before)
    return made.client


def _close(retired: _Made) -> None:
    """Close a client that others have taken the place of, unless all were closed."""
    if retired in _retired:
        _retired.discard(retired)
        task = asyncio.get_running_loop().create_task(retired.close())
        _closing.add(task)
        task.add_done_callback(_closing.discard)
