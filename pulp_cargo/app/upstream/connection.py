"""The connections to one upstream registry, and its circuit breakers, which record each request.

The remote's settings for TLS, proxies, credentials, timeouts, rate and concurrency are those of the
session that core creates for it.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from importlib.metadata import version

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientTimeout,
    RedirectClientError,
    TooManyRedirects,
)
from yarl import URL

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.models.connecting import AddressRefused
from pulp_cargo.app.runtime import timeouts
from pulp_cargo.app.upstream.answer import without_query
from pulp_cargo.protocol.http_age import parse_retry_after
from pulp_cargo.protocol.unavailable import (
    UpstreamLeftAlone,
    UpstreamRefused,
    UpstreamUnreachable,
)
from pulp_cargo.rules.breaker import FAILURES, Breaker

# Maximum Retry-After of an upstream, in seconds.
LONGEST_WAIT = 3600
# Maximum Retry-After of a single file, in seconds, because it says nothing about other files.
LONGEST_WAIT_FOR_FILE = 60
LEADS_INSIDE = (
    "it leads to an address that is not public, and not allowed by the setting"
    " `CARGO_UPSTREAM_PRIVATE_NETWORKS`"
)
MOST_REDIRECTS = 5
LONGEST_FAULT = 200
# Stands for the URL of a git index that is not reached by HTTP, for core's downloader.
NO_ORIGIN = "https://index.invalid/"
AGENT = f"pulp_cargo/{version('pulp-cargo')}"


class Kind(StrEnum):
    """What a request is for; the kinds have separate limits and circuit breakers."""

    INDEX = "index"
    FILE = "file"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class Terms:
    """Timeouts in seconds, and the number of failures that open the circuit breaker.

    `connect` and `read` are used if the remote has no timeouts of its own; None means no limit.
    """

    connect: float
    read: float
    index: float | None
    file: float | None
    failures: float
    search: float | None = None


FOR_CACHES = Terms(
    timeouts.UPSTREAM_CONNECT_TIMEOUT_SECONDS,
    timeouts.UPSTREAM_READ_TIMEOUT_SECONDS,
    timeouts.UPSTREAM_INDEX_TIMEOUT_SECONDS,
    timeouts.UPSTREAM_FILE_TIMEOUT_SECONDS,
    FAILURES,
    timeouts.UPSTREAM_SEARCH_TIMEOUT_SECONDS,
)
# A sync has nothing else to use if it fails, so it retries, and no number of failures opens the breaker.
FOR_SYNCS = Terms(
    timeouts.SYNC_CONNECT_TIMEOUT_SECONDS,
    timeouts.SYNC_READ_TIMEOUT_SECONDS,
    index=None,
    file=None,
    failures=math.inf,
)


@dataclass(frozen=True, slots=True)
class Lane:
    """The limits of one kind of requests; `seconds` is the timeout of a whole one, None for none."""

    breaker: Breaker
    turns: asyncio.Semaphore
    seconds: float | None


class Connection:
    """Sends requests to one upstream; belongs to one event loop, and must be closed there."""

    def __init__(self, remote: CargoRemote, terms: Terms = FOR_CACHES) -> None:
        self.name = remote.name
        self.root = registry_root(remote)
        # For syncs only: clients of caches retry themselves, as cargo does.
        # For core, 0 is the default as well; here it is what its description says.
        most = remote.max_retries
        self.max_retries = remote.DEFAULT_MAX_RETRIES if most is None else most
        self._origin = _origin(self.root)
        # Files may be on another host than the index, so their failures are counted separately.
        self.breaker = Breaker(time.monotonic, failures=terms.failures)
        self.file_breaker = Breaker(time.monotonic, failures=terms.failures)
        # The downloader is only used for what core creates from the remote's settings.
        core = remote.get_downloader(url=self.root if self._origin else NO_ORIGIN)
        self._session = core.session
        # Index files have their own limit of concurrency, so that slow files do not delay them. The
        # web API may be on a third host, and its failures must not affect either.
        most = remote.download_concurrency or remote.DEFAULT_DOWNLOAD_CONCURRENCY
        search = Breaker(time.monotonic, failures=FAILURES)
        self._lanes = {
            Kind.INDEX: Lane(self.breaker, asyncio.Semaphore(most), terms.index),
            Kind.FILE: Lane(self.file_breaker, core.semaphore, terms.file),
            Kind.SEARCH: Lane(search, asyncio.Semaphore(most), terms.search),
        }
        self._throttler = core.download_throttler
        self._proxy = {"proxy": core.proxy, "proxy_auth": core.proxy_auth}
        self._basic, self._token = core.auth, remote.token
        # Core's User-Agent, or that of the remote's own headers, is appended.
        self._agent = f"{AGENT} {core.session.headers['User-Agent']}"
        self._timeout = ClientTimeout(
            total=remote.total_timeout,
            connect=remote.connect_timeout,
            sock_connect=remote.sock_connect_timeout or terms.connect,
        )
        # Measured here: aiohttp's timer may continue while a connection is idle in its pool, and
        # the next request on it would time out at once.
        self._silence = remote.sock_read_timeout or terms.read

    def pause(self, kind: Kind) -> float:
        """Seconds until a request of a kind is allowed; 0 if one is allowed now."""
        return self._lanes[kind].breaker.wait

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    @asynccontextmanager
    async def answer(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        kind: Kind = Kind.INDEX,
        is_packed: bool = False,
        with_token: bool = False,
    ) -> AsyncIterator[ClientResponse]:
        """Send a GET request in turn, and record its result; raises UpstreamUnreachable.

        With `is_packed` the body is passed on as received, even if it is compressed.
        """
        lane = self._lanes[kind]
        asking = Asking(self.name, url, lane.breaker, kind)
        if asking.breaker.wait:
            raise UpstreamLeftAlone(self.name)
        with asking.noted():
            async with asyncio.timeout(lane.seconds), lane.turns:
                # The breaker may have opened while the request waited for its turn.
                if not asking.breaker.may_ask():
                    raise UpstreamLeftAlone(self.name)
                if self._throttler:
                    await self._throttler.acquire()
                asking.has_begun = True
                asked = self._get(url, headers, is_packed=is_packed, with_token=with_token)
                async with await asked as response:
                    yield response

    async def chunks(self, response: ClientResponse) -> AsyncIterator[bytes]:
        """Yield a body as it arrives; raises TimeoutError when nothing arrives."""
        while True:
            async with asyncio.timeout(self._silence):
                chunk = await response.content.readany()
            if not chunk:
                return
            yield chunk

    def is_own(self, response: ClientResponse) -> bool:
        """Whether a response is from the registry's own origin, after all redirects."""
        return self._is_own(str(response.url))

    def require_ok(self, response: ClientResponse) -> None:
        """Raise UpstreamUnreachable, or UpstreamRefused, for any other status than 200."""
        if response.status == HTTPStatus.OK:
            return
        header = response.headers.get("Retry-After")
        wait = parse_retry_after(header, now=datetime.now(UTC), most=LONGEST_WAIT)
        url = without_query(str(response.url))
        is_refusal = response.status < 500 and response.status != HTTPStatus.TOO_MANY_REQUESTS
        kind = UpstreamRefused if is_refusal else UpstreamUnreachable
        raise kind(self.name, f"it returned the status {response.status}", wait, detail=url)

    def require_same_security(self, response: ClientResponse) -> None:
        """Raise UpstreamUnreachable if a registry with an https URL redirected to http."""
        if not self.root.startswith("https:"):
            return
        for one in (*response.history, response):
            if one.url.scheme != "https":
                raise UpstreamUnreachable(self.name, f"it redirects from https to {one.url.scheme}")

    def require_https_api(self, url: str) -> None:
        """Raise UpstreamRefused if a registry with an https URL has its web API at an http URL."""
        if self.root.startswith("https:") and not url.lower().startswith("https:"):
            raise UpstreamRefused(self.name, "its web API does not use https", detail=url)

    async def _get(
        self, url: str, headers: Mapping[str, str], *, is_packed: bool, with_token: bool
    ) -> ClientResponse:
        # A `dl` with a user and password says what its files need; a request has one credential.
        target = URL(url, encoded=True)
        is_complete = target.user is not None or target.password is not None
        with_basic = self._is_own(url) and not self._token and not is_complete
        async with asyncio.timeout(self._silence):
            return await self._session.get(
                target,
                headers={
                    "User-Agent": self._agent,
                    **headers,
                    **({} if is_complete else self._credential(url, with_token)),
                },
                auth=self._basic if with_basic else None,
                timeout=self._timeout,
                max_redirects=MOST_REDIRECTS,
                auto_decompress=not is_packed,
                **self._proxy,
            )

    def _credential(self, url: str, with_token: bool) -> dict[str, str]:
        """Return the token's header for the registry itself, and for files if `with_token`."""
        if self._token and (with_token or self._is_own(url)):
            return {"Authorization": self._token}
        return {}

    def _is_own(self, url: str) -> bool:
        return self._origin is not None and _origin(url) == self._origin


@dataclass(slots=True)
class Asking:
    """A request; `has_begun` is false while it waits for its turn."""

    upstream: str
    url: str
    breaker: Breaker
    kind: Kind
    has_begun: bool = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Record the result in the breaker, and turn failures into UpstreamUnreachable."""
        try:
            yield
        except UpstreamLeftAlone:
            raise
        except UpstreamRefused:
            # The upstream is available, and refuses this request only.
            self.breaker.succeeded()
            raise
        except UpstreamUnreachable as error:
            self._failed_with(error)
            raise
        except ClientConnectorError as error:
            if not isinstance(error.os_error, AddressRefused):
                self._note_silence()
                raise self._unreachable(error) from error
            # The upstream is available; only this request leads to a refused address.
            self.breaker.succeeded()
            detail = without_query(self.url)
            raise UpstreamRefused(self.upstream, LEADS_INSIDE, detail=detail) from error
        except (TooManyRedirects, RedirectClientError, ValueError) as error:
            # The upstream is available; only this request leads nowhere.
            self.breaker.succeeded()
            detail = without_query(self.url)
            raise UpstreamRefused(self.upstream, _redirect_fault(error), detail=detail) from None
        except (ClientError, TimeoutError, OSError) as error:
            self._note_silence()
            raise self._unreachable(error) from error
        else:
            self.breaker.succeeded()

    def _note_silence(self) -> None:
        # A request that was not sent says nothing about the upstream.
        if self.has_begun:
            self.breaker.failed()

    def _failed_with(self, answer: UpstreamUnreachable) -> None:
        """Record an error response of the upstream."""
        match self.kind:
            case Kind.INDEX:
                self.breaker.failed(answer.wait, self.url)
            case Kind.FILE if answer.wait is not None:
                self.breaker.failed(min(answer.wait, LONGEST_WAIT_FOR_FILE))
            case Kind.SEARCH:
                self.breaker.failed(answer.wait)

    def _unreachable(self, error: Exception) -> UpstreamUnreachable:
        is_late = isinstance(error, TimeoutError)
        what = (
            "it does not respond in time"
            if is_late
            else "the connection failed, or its response was invalid"
        )
        detail = f"{without_query(self.url)}: {str(error) or type(error).__name__}"
        return UpstreamUnreachable(self.upstream, what, detail=detail)


def _redirect_fault(error: Exception) -> str:
    if isinstance(error, TooManyRedirects):
        return f"it redirects more than {MOST_REDIRECTS} times"
    if isinstance(error, RedirectClientError):
        return "it redirects to something that is not an http or https URL"
    if "credentials" in str(error):
        # That of the request was not sent on: aiohttp refuses a second one.
        return "it redirects to a URL with a user, although the request had a credential"
    return f"the URL of the request is invalid: {str(error)[:LONGEST_FAULT]}"


def registry_root(remote: CargoRemote) -> str:
    """Return the URL of the upstream registry with its final slash, without cargo's `sparse+`."""
    return str(remote.url).removeprefix("sparse+")


def _origin(url: str) -> URL | None:
    """Return the scheme, host and port of a URL, None for another than http or https."""
    parsed = URL(url, encoded=True)
    return parsed.origin() if parsed.scheme in ("https", "http") else None
