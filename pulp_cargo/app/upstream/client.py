"""Asking one upstream registry, as cargo would (Cargo Book, "Sparse Protocol").

All that the remote says of TLS, proxies, credentials, timeouts, rate and concurrency comes with the
session that core makes for it. Bytes are never believed here: whoever asks compares them.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse, ClientTimeout
from yarl import URL

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.upstream.answer import Fetched, Validators, read, without_query
from pulp_cargo.protocol import upstream_config, upstream_index
from pulp_cargo.protocol.http_age import parse_retry_after
from pulp_cargo.protocol.paths import index_path
from pulp_cargo.protocol.unavailable import UpstreamRefused, UpstreamUnreachable
from pulp_cargo.protocol.upstream_config import UpstreamConfig
from pulp_cargo.rules.breaker import Breaker

# How long a config.json is good for, in seconds.
CONFIG_SECONDS = 600
# Cargo gives up after 30 seconds; what takes longer than these would be for nobody.
CONNECT_SECONDS, READ_SECONDS, INDEX_SECONDS = 5, 15, 25
# The longest that a .crate file may take, in seconds.
FILE_SECONDS = 900
# The longest pause that an upstream may ask for, in seconds.
LONGEST_WAIT = 3600
# A crate that is gone, by any of the ways to say so (Cargo Book, "Nonexistent Crates").
NOT_THERE = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS)
AGENT = f"pulp_cargo/{version('pulp-cargo')}"


class Client:
    """Asks one upstream; lives on one event loop, and is to be closed there."""

    def __init__(self, remote: CargoRemote) -> None:
        self.name = remote.name
        self.root = str(remote.url).removeprefix("sparse+")
        self.breaker = Breaker()
        # The downloader is asked for nothing but what core makes of the remote.
        core = remote.get_downloader(url=self.root)
        self._session, self._turns = core.session, core.semaphore
        # As many index files as .crate files at a time: slow files must not hold up the index.
        most = remote.download_concurrency or remote.DEFAULT_DOWNLOAD_CONCURRENCY
        self._index_turns = asyncio.Semaphore(most)
        self._throttler = core.download_throttler
        self._proxy = {"proxy": core.proxy, "proxy_auth": core.proxy_auth}
        self._basic, self._token = core.auth, remote.token
        # What core says of itself, and what the remote's own headers add to it, comes after.
        self._agent = f"{AGENT} {core.session.headers['User-Agent']}"
        self._timeout = ClientTimeout(
            total=remote.total_timeout,
            connect=remote.connect_timeout,
            sock_connect=remote.sock_connect_timeout or CONNECT_SECONDS,
            sock_read=remote.sock_read_timeout or READ_SECONDS,
        )
        self._config: tuple[UpstreamConfig, float] | None = None
        self._asking_config = asyncio.Lock()

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def index_file(self, name: str, validators: Validators) -> Fetched:
        """Fetch an index file by its lower-case name; raises UpstreamUnreachable."""
        async with self._answer(self.root + index_path(name), validators.headers()) as response:
            if response.status in NOT_THERE:
                return Fetched(found=False)
            if response.status == HTTPStatus.NOT_MODIFIED and validators.headers():
                return Fetched(found=True)
            self._require_ok(response)
            self._require_same_security(response)
            body = await read(response, upstream_index.MAX_SIZE)
            sent = response.headers
            kept = Validators(sent.get("ETag"), sent.get("Last-Modified"))
            return Fetched(found=True, body=body, validators=kept)

    async def config(self) -> UpstreamConfig:
        """Return the upstream's config.json; raises UpstreamUnreachable or UpstreamConfigInvalid.

        One that was read before is better than none.
        """
        clock = asyncio.get_running_loop().time
        async with self._asking_config:
            if self._config and self._config[1] > clock():
                return self._config[0]
            try:
                config = await self._fetch_config()
            except UpstreamUnreachable:
                if self._config is None:
                    raise
                return self._config[0]
            self._config = config, clock() + CONFIG_SECONDS
            return config

    @asynccontextmanager
    async def crate_file(self, name: str, vers: str, cksum: str) -> AsyncIterator[ClientResponse]:
        """Begin to fetch a .crate file; raises UpstreamUnreachable, also while it is read."""
        config = await self.config()
        url = upstream_config.download_url(config, name, vers, cksum)
        # The bytes as they are: their checksum is known.
        headers = {"Accept-Encoding": "identity"}
        sent = self._answer(url, headers, is_file=True, with_token=config.auth_required)
        async with sent as response:
            self._require_ok(response)
            yield response

    async def _fetch_config(self) -> UpstreamConfig:
        async with self._answer(self.root + "config.json", {}) as response:
            self._require_ok(response)
            self._require_same_security(response)
            body = await read(response, upstream_config.MAX_SIZE)
        return upstream_config.parse_upstream_config(body)

    @asynccontextmanager
    async def _answer(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        is_file: bool = False,
        with_token: bool = False,
    ) -> AsyncIterator[ClientResponse]:
        """Send a GET in turn, and note how the upstream does; raises UpstreamUnreachable."""
        if self.breaker.wait:
            raise self._left_alone()
        seconds = FILE_SECONDS if is_file else INDEX_SECONDS
        try:
            async with asyncio.timeout(seconds), self._turns if is_file else self._index_turns:
                # Those who waited for their turn may have waited for failures.
                if not self.breaker.may_ask():
                    raise self._left_alone()
                if self._throttler:
                    await self._throttler.acquire()
                sent = self._session.get(
                    URL(url, encoded=True),
                    headers={
                        "User-Agent": self._agent,
                        **headers,
                        **self._credential(url, with_token),
                    },
                    auth=self._basic if self._is_own(url) and not self._token else None,
                    timeout=self._timeout,
                    max_redirects=5,
                    **self._proxy,
                )
                async with sent as response:
                    yield response
            self.breaker.succeeded()
        except UpstreamRefused:
            # It is well and refuses this one request, or was not asked at all.
            raise
        except UpstreamUnreachable as error:
            self.breaker.failed(error.wait)
            raise
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            self.breaker.failed()
            is_late = isinstance(error, TimeoutError)
            what = "it does not answer in time" if is_late else "it does not answer as it should"
            detail = f"{without_query(url)}: {str(error) or type(error).__name__}"
            raise UpstreamUnreachable(self.name, what, detail=detail) from error

    def _left_alone(self) -> UpstreamRefused:
        return UpstreamRefused(self.name, "it failed just now, and is left alone a while")

    def _credential(self, url: str, with_token: bool) -> dict[str, str]:
        """Return the token's header: for the registry itself, and where its config.json says."""
        if self._token and (with_token or self._is_own(url)):
            return {"Authorization": self._token}
        return {}

    def _is_own(self, url: str) -> bool:
        own, other = urlsplit(self.root), urlsplit(url)
        return (own.scheme, own.netloc) == (other.scheme, other.netloc)

    def _require_ok(self, response: ClientResponse) -> None:
        if response.status == HTTPStatus.OK:
            return
        wait = parse_retry_after(
            response.headers.get("Retry-After"), now=datetime.now(UTC), most=LONGEST_WAIT
        )
        url = without_query(str(response.url))
        is_refusal = response.status < 500 and response.status != HTTPStatus.TOO_MANY_REQUESTS
        kind = UpstreamRefused if is_refusal else UpstreamUnreachable
        raise kind(self.name, f"it answers {response.status}", wait, detail=url)

    def _require_same_security(self, response: ClientResponse) -> None:
        """Refuse to believe what came over http where the registry is one of https."""
        if self.root.startswith("https:") and response.url.scheme != "https":
            raise UpstreamUnreachable(
                self.name, f"it redirects from https to {response.url.scheme}"
            )
