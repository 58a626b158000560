"""The clients of this process, one for each remote that it has asked lately."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from weakref import WeakValueDictionary

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.models.core import release_session
from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
from pulp_cargo.app.runtime import threads
from pulp_cargo.app.upstream.client import Client
from pulp_cargo.app.upstream.connection import FILE_SECONDS
from pulp_cargo.protocol.unavailable import UpstreamUnreachable

log = logging.getLogger(__name__)

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
        release_session(self.row)
        await self.client.close()


# How often to look for clients of remotes that were changed or deleted, in seconds: they hold tokens.
LOOK_SECONDS = 60

_clients: dict[UUID, _Made] = {}
_retired: set[_Made] = set()
_closing: set[asyncio.Task[None]] = set()
# Only as long as somebody waits: remotes that are deleted leave nothing here.
_making: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
_looking: asyncio.Task[None] | None = None


async def client_of(remote: UpstreamRemote) -> Client:
    """Return the client of a remote as it is now; raises UpstreamUnreachable for none."""
    found = known(remote)
    if found is not None:
        return found
    async with _making.setdefault(remote.pk, asyncio.Lock()):
        return known(remote) or await _current(remote)


def known(remote: UpstreamRemote) -> Client | None:
    """Return the client of a remote if there is one for what the caller knows of it."""
    made = _clients.get(remote.pk)
    return made.client if made is not None and made.updated == remote.updated else None


async def close_all() -> None:
    """Close every connection."""
    if _looking is not None:
        _looking.cancel()
    for made in [*_clients.values(), *_retired]:
        await made.close()
    _clients.clear()
    _retired.clear()


async def _current(remote: UpstreamRemote) -> Client:
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
        _retire(before)
    _look_later()
    return made.client


def _retire(made: _Made) -> None:
    """Let a client finish what it does, and close it then."""
    _retired.add(made)
    asyncio.get_running_loop().call_later(GRACE, _close, made)


def _look_later() -> None:
    """Drop clients that nobody asks for again, as long as there are any."""
    global _looking
    if _looking is None or _looking.done():
        _looking = asyncio.get_running_loop().create_task(_look())


async def _look() -> None:
    while _clients:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            await drop_outdated()
        except Exception as error:
            log.warning("Clients of upstream registries were not looked through: %s", error)


async def drop_outdated() -> None:
    """Retire the clients of remotes that were deleted, or are others than before."""
    clients = dict(_clients)
    updated = await threads.read(_updated, list(clients))
    for pk, made in clients.items():
        if _clients.get(pk) is made and (pk not in updated or updated[pk] != made.updated):
            del _clients[pk]
            _retire(made)


def _updated(remotes: list[UUID]) -> dict[UUID, datetime | None]:
    rows = CargoRemote.objects.filter(pk__in=remotes)
    return dict(rows.values_list("pk", "pulp_last_updated"))


def _close(retired: _Made) -> None:
    """Close a client that others have taken the place of, unless all were closed."""
    if retired in _retired:
        _retired.discard(retired)
        task = asyncio.get_running_loop().create_task(retired.close())
        _closing.add(task)
        task.add_done_callback(_closing.discard)
