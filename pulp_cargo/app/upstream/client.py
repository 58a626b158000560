"""A client of one upstream registry, as cargo is one (Cargo Book, "Sparse Protocol").

It does not verify checksums, which is left to the callers.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from aiohttp import ClientResponse

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.upstream.answer import Fetched, Validators, read, without_query
from pulp_cargo.app.upstream.asking import Kind
from pulp_cargo.app.upstream.connection import Connection
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


class Client:
    """Sends requests to one upstream; belongs to one event loop, and must be closed there."""

    def __init__(self, remote: CargoRemote) -> None:
        self.connection = Connection(remote)
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

    def chunks(self, response: ClientResponse) -> AsyncIterator[bytes]:
        """Yield a body as it arrives; raises TimeoutError when nothing arrives."""
        return self.connection.chunks(response)

    def is_own(self, response: ClientResponse) -> bool:
        """Whether a response is from the registry's own origin, after all redirects."""
        return self.connection.is_own(response)

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
