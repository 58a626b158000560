"""The clients of upstream registries, as cargo is one (Cargo Book, "Sparse Protocol").

A process has one for each remote, which follows changes of the remote. They do not verify
checksums, which is left to the callers.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Protocol
from uuid import UUID
from weakref import WeakValueDictionary

from aiohttp import ClientResponse

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.models.core import release_session
from pulp_cargo.app.runtime import threads, timeouts
from pulp_cargo.app.runtime.background import BackgroundTasks
from pulp_cargo.app.upstream.answer import Fetched, Validators, read, without_query
from pulp_cargo.app.upstream.connection import FOR_CACHES, Connection, Kind, Terms
from pulp_cargo.protocol import upstream_config
from pulp_cargo.protocol.packed_index import MAX_SIZE
from pulp_cargo.protocol.paths import index_path
from pulp_cargo.protocol.unavailable import (
    UpstreamConfigInvalid,
    UpstreamRefused,
    UpstreamSearchInvalid,
    UpstreamUnreachable,
)
from pulp_cargo.protocol.upstream_config import UpstreamConfig
from pulp_cargo.protocol.web_api import upstream_search
from pulp_cargo.rules.breaker import Breaker

# The statuses for a crate that does not exist (Cargo Book, "Nonexistent Crates").
NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS)
FORBIDDEN = (
    "it returned a 403; if this means that it does not have the crate, as with some S3 buckets,"
    " set `forbidden_means_missing` on the remote"
)
UNUSABLE = "the URL, or a certificate or key, of its remote is invalid"
# A replaced client stays open for as long as fetching a file may take, in seconds.
GRACE_SECONDS = timeouts.UPSTREAM_FILE_TIMEOUT_SECONDS


class Client:
    """Sends requests to one upstream; belongs to one event loop, and must be closed there."""

    def __init__(self, remote: CargoRemote, terms: Terms = FOR_CACHES) -> None:
        self.connection = Connection(remote, terms)
        self._forbidden_means_missing = remote.forbidden_means_missing
        self._config: tuple[UpstreamConfig, float] | None = None
        self._asking_config = asyncio.Lock()

    @property
    def breaker(self) -> Breaker:
        """The circuit breaker for requests of the index."""
        return self.connection.breaker

    @property
    def search_pause(self) -> float:
        """Seconds until the circuit breaker allows another search; 0 if it allows one now."""
        return self.connection.pause(Kind.SEARCH)

    async def close(self) -> None:
        """Close the connections."""
        await self.connection.close()

    async def index_file(self, name: str, validators: Validators) -> Fetched:
        """Fetch an index file by its lower-case name; raises UpstreamUnreachable."""
        # It is stored as received, and unpacked later in a thread.
        headers = {"Accept-Encoding": "gzip", **validators.headers()}
        url = self.connection.root + index_path(name)
        async with self.connection.answer(url, headers, is_packed=True) as response:
            self.connection.require_same_security(response)
            if response.status in NOT_THERE or self._is_forbidden_for_missing(response):
                return Fetched(found=False)
            if response.status == HTTPStatus.NOT_MODIFIED and validators.headers():
                return Fetched(found=True)
            self.connection.require_ok(response)
            body = await read(self.connection.chunks(response), MAX_SIZE)
            sent = response.headers
            encoding = sent.get("Content-Encoding", "").strip().lower()
            new = Validators(sent.get("ETag"), sent.get("Last-Modified"))
            return Fetched(found=True, body=body, encoding=encoding, validators=new)

    async def config(self) -> UpstreamConfig:
        """Return the upstream's config.json; raises UpstreamUnreachable or UpstreamConfigInvalid.

        If it cannot be read again, the one that was read before is used.
        """
        clock = asyncio.get_running_loop().time
        async with self._asking_config:
            if self._config and self._config[1] > clock():
                return self._config[0]
            try:
                config = await self._fetch_config()
            except (UpstreamUnreachable, UpstreamConfigInvalid):
                if self._config is None:
                    raise
                config, seconds = self._config[0], timeouts.UPSTREAM_OLD_CONFIG_SECONDS
            else:
                seconds = timeouts.UPSTREAM_CONFIG_SECONDS
            self._config = config, clock() + seconds
            return config

    @asynccontextmanager
    async def crate_file(self, name: str, vers: str, cksum: str) -> AsyncIterator[ClientResponse]:
        """Request a .crate file; raises UpstreamUnreachable, also while the body is read."""
        config = await self.config()
        url = upstream_config.download_url(config, name, vers, cksum)
        # The file must not be compressed again, because its checksum is of these bytes.
        headers = {"Accept-Encoding": "identity"}
        with_token = config.auth_required
        sent = self.connection.answer(url, headers, kind=Kind.FILE, with_token=with_token)
        async with sent as response:
            self.connection.require_ok(response)
            yield response

    async def search(self, text: str) -> bytes | None:
        """Return what the upstream's web API answers to a search, None if it has no web API.

        Raises UpstreamUnreachable, UpstreamConfigInvalid and UpstreamSearchInvalid.
        """
        config = await self.config()
        if config.api is None:
            return None
        self.connection.require_https_api(config.api)
        url = upstream_config.search_url(config.api, text, upstream_search.MOST_HITS)
        # A compressed body is not unpacked, so its size is that of what has to be parsed.
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        with_token = config.auth_required
        sent = self.connection.answer(
            url, headers, kind=Kind.SEARCH, is_packed=True, with_token=with_token
        )
        async with sent as response:
            self.connection.require_same_security(response)
            self.connection.require_ok(response)
            encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
            if encoding not in ("", "identity"):
                raise UpstreamSearchInvalid(f"it has the encoding {encoding[:40]!r}")
            return await read(self.connection.chunks(response), upstream_search.MAX_SIZE)

    def _is_forbidden_for_missing(self, response: ClientResponse) -> bool:
        """Whether the status is 403 for a missing crate; raises UpstreamRefused if that is unknown.

        Object storages answer 403 for missing objects to clients that may not list them.
        """
        if response.status != HTTPStatus.FORBIDDEN:
            return False
        if not self._forbidden_means_missing:
            url = without_query(str(response.url))
            raise UpstreamRefused(self.connection.name, FORBIDDEN, detail=url)
        return True

    async def _fetch_config(self) -> UpstreamConfig:
        async with self.connection.answer(self.connection.root + "config.json", {}) as response:
            self.connection.require_same_security(response)
            self.connection.require_ok(response)
            body = await read(self.connection.chunks(response), upstream_config.MAX_SIZE)
        return upstream_config.parse_upstream_config(body)


class SelectsClient(Protocol):
    """The values of a remote that select its client; `updated` changes with every change of it."""

    @property
    def pk(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def updated(self) -> datetime | None: ...


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

    @asynccontextmanager
    async def in_use(self, remote: SelectsClient) -> AsyncIterator[Client]:
        """Return the client, and keep it open until the block ends; raises UpstreamUnreachable."""
        entry = await self._of(remote)
        entry.requests += 1
        try:
            yield entry.client
        finally:
            entry.requests -= 1
            if entry.is_deleted:
                self._close_unused(entry)

    def known(self, remote: SelectsClient) -> Client | None:
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

    def _known(self, remote: SelectsClient) -> RemoteClient | None:
        entry = self._clients.get(remote.pk)
        return entry if entry is not None and entry.updated == remote.updated else None

    async def _of(self, remote: SelectsClient) -> RemoteClient:
        entry = self._known(remote)
        if entry is not None:
            return entry
        async with self._making.setdefault(remote.pk, asyncio.Lock()):
            return self._known(remote) or await self._current(remote)

    async def _current(self, remote: SelectsClient) -> RemoteClient:
        """Return the client for the current row, which the caller may have read before a change."""
        row = await threads.read(CargoRemote.objects.filter(pk=remote.pk).first)
        if row is None:
            self._drop_deleted(remote.pk)
            raise UpstreamUnreachable(remote.name, "it was removed")
        before = self._clients.get(remote.pk)
        # Compare for equality, not order: the servers that change remotes have different clocks.
        if before is not None and before.updated == row.pulp_last_updated:
            return before
        try:
            client = Client(row)
        except (OSError, ValueError) as error:
            raise UpstreamUnreachable(remote.name, UNUSABLE, detail=str(error)) from error
        entry = self._clients[remote.pk] = RemoteClient(row, client)
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
