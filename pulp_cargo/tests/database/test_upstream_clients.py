"""The clients of a process: one for each remote as it is, and none for ever."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pulp_cargo.tests.database.upstreams import registry_of
from pulp_cargo.tests.functional.serve.launcher import wait_for

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRemote
    from pulp_cargo.app.queries.upstreams.upstreams import UpstreamRemote
    from pulp_cargo.app.upstream.client import Client, UpstreamClients
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote

    View = Callable[[], UpstreamRemote]


@pytest.fixture
def remote(new_remote: "NewRemote") -> "CargoRemote":
    """A remote."""
    return new_remote()


@pytest.fixture
def view(remote: "CargoRemote", new_distribution: "NewList") -> "View":
    """Looks the remote up as a registry does."""
    from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream

    cache = new_distribution(remote=remote)

    def look() -> "UpstreamRemote":
        (source,) = registry_of(cache).upstreams.listed
        assert isinstance(source, RemoteUpstream)
        return source.remote

    return look


@asynccontextmanager
async def new_clients() -> "AsyncIterator[UpstreamClients]":
    """The clients of a process, which are closed with their connections."""
    from pulp_cargo.app.runtime.background import BackgroundTasks
    from pulp_cargo.app.upstream.client import UpstreamClients

    clients = UpstreamClients(BackgroundTasks())
    try:
        yield clients
    finally:
        await clients.close()


async def client_of(clients: "UpstreamClients", remote: "UpstreamRemote") -> "Client":
    """Return the current client of a remote, which stays open for some time."""
    async with clients.in_use(remote) as client:
        return client


def test_callers_who_know_the_remote_as_it_was_share_the_client(
    remote: "CargoRemote", view: "View"
) -> None:
    """A task may run for long, and must not take the connections of all others away each time."""

    old = view()
    remote.save()
    new = view()
    assert old.updated != new.updated

    async def take_turns() -> int:
        async with new_clients() as clients:
            return len({id(await client_of(clients, one)) for one in (old, new, old, new)})

    assert asyncio.run(take_turns()) == 1


@pytest.mark.parametrize("fields", [{"url": "sparse+http://xn--ü/"}, {"ca_cert": "no certificate"}])
def test_remote_of_which_no_client_can_be_made(
    remote: "CargoRemote", view: "View", fields: dict[str, str]
) -> None:
    """It is like an upstream that does not answer, for this cache only."""
    from pulp_cargo.app.models import CargoRemote
    from pulp_cargo.protocol.unavailable import UpstreamUnreachable

    CargoRemote.objects.filter(pk=remote.pk).update(**fields)
    seen = view()

    async def ask() -> None:
        async with new_clients() as clients:
            await client_of(clients, seen)

    with pytest.raises(UpstreamUnreachable, match="of its remote is invalid"):
        asyncio.run(ask())


def test_changed_remote_gets_a_new_client(remote: "CargoRemote", view: "View") -> None:
    """Even by a clock that is behind: what counts is that it is another row than before."""
    from pulp_cargo.app.models import CargoRemote

    before = view()
    assert before.updated is not None
    earlier = before.updated - timedelta(hours=1)

    async def change() -> bool:
        async with new_clients() as clients:
            first = await client_of(clients, before)
            rows = CargoRemote.objects.filter(pk=remote.pk)
            await asyncio.to_thread(rows.update, pulp_last_updated=earlier)
            return await client_of(clients, replace(before, updated=earlier)) is first

    assert asyncio.run(change()) is False


def test_client_that_was_replaced_finishes_what_it_does(
    remote: "CargoRemote", view: "View", monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has as long as a file may take; then it is closed, at the latest with the process."""
    from pulp_cargo.app.models import CargoRemote
    from pulp_cargo.app.upstream import client as module

    assert module.GRACE_SECONDS == 900
    seen = view()
    rows = CargoRemote.objects.filter(pk=remote.pk)

    async def replaced() -> tuple[list[bool], list[bool]]:
        sessions = []
        async with new_clients() as clients:
            for day, grace in ((1, 600), (2, 600), (3, 0)):
                monkeypatch.setattr(module, "GRACE_SECONDS", grace)
                updated = datetime(2026, 1, day, tzinfo=UTC)
                await asyncio.to_thread(rows.update, pulp_last_updated=updated)
                client = await client_of(clients, replace(seen, updated=updated))
                sessions.append(client.connection._session)
            await asyncio.sleep(0.1)
            meanwhile = [session.closed for session in sessions]
        return meanwhile, [session.closed for session in sessions]

    assert asyncio.run(replaced()) == ([False, True, False], [True, True, True])


def test_client_is_freed(view: "View") -> None:
    """Core would hold its session, and the remote with its secrets, until the process ends."""

    seen = view()

    async def use() -> list["weakref.ref[object]"]:
        async with new_clients() as clients:
            client = await client_of(clients, seen)
            return [weakref.ref(client), weakref.ref(client.connection._session)]

    held = asyncio.run(use())

    def are_freed() -> bool:
        gc.collect()
        return [one() for one in held] == [None, None]

    # The thread that read the row may be about to let go of it.
    assert wait_for(are_freed)


@pytest.mark.parametrize("change", ["deleted", "another URL"])
def test_client_of_a_remote_that_nobody_asks_for_again_is_dropped(
    remote: "CargoRemote", view: "View", monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """It has the remote's token, and connections; one that is as it was stays."""
    from pulp_cargo.app.models import CargoDistribution, CargoRemote
    from pulp_cargo.app.runtime import timeouts
    from pulp_cargo.app.upstream import client as module

    seen = view()
    monkeypatch.setattr(module, "GRACE_SECONDS", 0)
    monkeypatch.setattr(timeouts, "UPSTREAM_CLIENTS_CHECK_INTERVAL_SECONDS", 0.1)

    def alter() -> None:
        if change == "deleted":
            CargoDistribution.objects.filter(remote=remote).update(remote=None)
            CargoRemote.objects.get(pk=remote.pk).delete()
        else:
            row = CargoRemote.objects.get(pk=remote.pk)
            row.url = "sparse+https://elsewhere.example/"
            row.save()

    async def scene() -> tuple[bool, bool, bool]:
        async with new_clients() as clients:
            client = await client_of(clients, seen)
            await asyncio.sleep(0.5)
            stayed = clients.known(seen) is client
            await asyncio.to_thread(alter)
            async with asyncio.timeout(5):
                while clients._clients or not client.connection._session.closed:
                    await asyncio.sleep(0.05)
            return stayed, seen.pk in clients._clients, bool(clients._retired)

    assert asyncio.run(scene()) == (True, False, False)


def delete(remote: "CargoRemote") -> None:
    """Delete a remote, as an administrator does."""
    from pulp_cargo.app.models import CargoDistribution, CargoRemote

    CargoDistribution.objects.filter(remote=remote).update(remote=None)
    CargoRemote.objects.get(pk=remote.pk).delete()


@pytest.mark.parametrize("noticed", ["by a notice", "by the next request"])
def test_client_of_a_deleted_remote_goes_with_it(
    remote: "CargoRemote", view: "View", noticed: str
) -> None:
    """With its session and credentials, at once; so do those that it had before it was changed."""
    from pulp_cargo.protocol.unavailable import UpstreamUnreachable

    old = view()
    remote.save()
    seen = view()

    async def scene() -> None:
        async with new_clients() as clients:
            sessions = [(await client_of(clients, old)).connection._session]
            await asyncio.to_thread(remote.save)
            changed = await asyncio.to_thread(view)
            sessions.append((await client_of(clients, changed)).connection._session)
            assert [session.closed for session in sessions] == [False, False]
            await asyncio.to_thread(delete, remote)
            if noticed == "by a notice":
                clients.check_soon()
            else:
                with pytest.raises(UpstreamUnreachable):
                    await client_of(clients, seen)
            async with asyncio.timeout(5):
                while not all(session.closed for session in sessions):
                    await asyncio.sleep(0.01)
            assert not clients._clients
            assert not clients._retired
            assert not clients._making

    asyncio.run(scene())


def test_download_from_a_deleted_remote_may_end(remote: "CargoRemote", view: "View") -> None:
    """The client is closed with the last of its downloads."""

    seen = view()

    async def scene() -> list[bool]:
        async with new_clients() as clients:
            async with clients.in_use(seen) as client:
                session = client.connection._session
                async with clients.in_use(seen):
                    await asyncio.to_thread(delete, remote)
                    await clients.drop_outdated()
                await asyncio.sleep(0.05)
                meanwhile = session.closed
            await asyncio.sleep(0.05)
            return [meanwhile, session.closed]

    assert asyncio.run(scene()) == [False, True]


def test_remote_that_is_gone_leaves_nothing(remote: "CargoRemote", view: "View") -> None:
    """Nor does one that nobody could make a client of."""
    from pulp_cargo.app.models import CargoDistribution, CargoRemote
    from pulp_cargo.protocol.unavailable import UpstreamUnreachable

    seen = view()
    CargoDistribution.objects.filter(remote=remote).update(remote=None)
    CargoRemote.objects.get(pk=remote.pk).delete()

    async def ask() -> "UpstreamClients":
        async with new_clients() as clients:
            asked = [client_of(clients, seen) for _ in range(3)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert [type(answer) for answer in answers] == [UpstreamUnreachable] * 3
            return clients

    clients = asyncio.run(ask())
    gc.collect()
    assert not clients._clients
    assert not clients._making
