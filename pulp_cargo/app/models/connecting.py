"""Guarded connections for core's downloads by a remote; core asks the model for its downloaders.

An upstream determines by `dl`, redirects and DNS where we connect. Addresses are checked when a
connection is opened, after the last look-up, so that DNS cannot return another address afterwards.
"""

import errno
import hashlib
import logging
import socket
from collections.abc import AsyncIterator
from tempfile import TemporaryFile
from typing import IO, Any

from aiohttp import ClientResponse
from aiohttp.abc import AbstractResolver, ResolveResult
from django.conf import settings
from yarl import URL

from pulpcore.plugin.download import DownloaderFactory, DownloadResult
from pulpcore.plugin.exceptions import DigestValidationError

from pulp_cargo.app.models.core import Guard, ResponseDownloader, guard_session
from pulp_cargo.rules.networks import Reach, is_address, may_connect, parse_networks, reach_of

log = logging.getLogger(__name__)

CHUNK_BYTES = 1024 * 1024
MEANING = "the address is not public (see the setting CARGO_UPSTREAM_PRIVATE_NETWORKS)"


class AddressRefused(OSError):
    """An upstream leads to an address that it may not make us connect to."""

    def __init__(self) -> None:
        # The same text for all addresses of a host: aiohttp wraps differing errors in another one.
        super().__init__(errno.EACCES, MEANING)


class AddressGuard(Guard):
    """Resolves the remote's own host, and opens sockets to allowed addresses only.

    The addresses of the remote's host are remembered as long as the connections are open, so that
    a public host cannot become private later.
    """

    def __init__(self, host: str, resolver: AbstractResolver) -> None:
        self._host, self._resolver = _plain(host), resolver
        self._allowed = parse_networks(settings.CARGO_UPSTREAM_PRIVATE_NETWORKS)
        # An address in the URL resolves to itself.
        self._own = {host} if is_address(host) else set[str]()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a host; the remote's own host is resolved first."""
        is_own = _plain(host) == self._host
        # A repository in a folder has no host.
        if self._host and not is_own and not self._own:
            await self._resolve_own(port, family)
        found = await self._resolver.resolve(host, port, family)
        if is_own:
            self._note_own({one["host"] for one in found})
        return found

    async def close(self) -> None:
        """Close the resolver."""
        await self._resolver.close()

    def open_socket(self, target: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an address; raises AddressRefused."""
        family, kind, proto, _, address = target
        if not may_connect(address[0], self._own, self._allowed):
            log.warning("%s leads to %s: %s.", self._host, address[0], MEANING)
            raise AddressRefused
        return socket.socket(family=family, type=kind, proto=proto)

    def _note_own(self, addresses: set[str]) -> None:
        self._own |= addresses
        public = [one for one in self._own if reach_of(one) is Reach.PUBLIC]
        # One public address is enough, and large networks return ever new ones.
        self._own = {public[0]} if public else self._own

    async def _resolve_own(self, port: int, family: socket.AddressFamily) -> None:
        try:
            await self.resolve(self._host, port, family)
        except OSError as error:
            # If its own addresses are unknown, only public addresses are allowed.
            log.info("%s cannot be resolved: %s", self._host, error)


class SafeDownloader(ResponseDownloader):
    """Verifies the digest of a file before it passes on the end of it.

    What another host than the remote's sends is not passed on at all before that: otherwise a
    redirect could let clients of core's streamed downloads read internal data.
    """

    own_origin: URL | None = None

    async def take_response(self, response: ClientResponse) -> DownloadResult:
        """Pass on a response; raises DigestValidationError."""
        if not self.expected_digests:
            return await super().take_response(response)
        if response.url.origin() == self.own_origin:
            return await self._pass_on(response)
        with TemporaryFile(dir=settings.WORKING_DIRECTORY) as file:
            await self._compare(response, file)
            file.seek(0)
            if self.headers_ready_callback:
                await self.headers_ready_callback(response.headers)
            while chunk := file.read(CHUNK_BYTES):
                await self.handle_data(chunk)
        return await self._result(response)

    async def _pass_on(self, response: ClientResponse) -> DownloadResult:
        """Pass on the response, and its last chunk only if the digest is right."""
        if self.headers_ready_callback:
            await self.headers_ready_callback(response.headers)
        withheld = b""
        async for chunk in self._compared(response):
            if withheld:
                await self.handle_data(withheld)
            withheld = chunk
        if withheld:
            await self.handle_data(withheld)
        return await self._result(response)

    async def _result(self, response: ClientResponse) -> DownloadResult:
        await self.finalize()
        return DownloadResult(
            path=self.path,
            artifact_attributes=self.artifact_attributes,
            url=self.url,
            headers=response.headers,
        )

    async def _compare(self, response: ClientResponse, file: IO[bytes]) -> None:
        """Write the response to a file; raises DigestValidationError if a digest differs."""
        async for chunk in self._compared(response):
            file.write(chunk)

    async def _compared(self, response: ClientResponse) -> AsyncIterator[bytes]:
        """Yield the chunks of the response; raises DigestValidationError at the end of a wrong one."""
        digests = {name: hashlib.new(name) for name in self.expected_digests}
        size = 0
        async for chunk in response.content.iter_chunked(CHUNK_BYTES):
            size += len(chunk)
            yield chunk
            for digest in digests.values():
                digest.update(chunk)
            if self.expected_size and size > self.expected_size:
                break
        for name, digest in digests.items():
            if digest.hexdigest() != self.expected_digests[name]:
                expected = self.expected_digests[name]
                raise DigestValidationError(digest.hexdigest(), expected, url=self.url)


class GuardedFactory(DownloaderFactory):
    """Creates core's downloaders for a remote, with guarded connections.

    A proxy connects instead of us, so its administrator decides what it may reach.
    """

    def __init__(self, remote: Any) -> None:
        # First, since an invalid URL must not leave an open session.
        self._own = URL(str(remote.url).removeprefix("sparse+"))
        safe = dict.fromkeys(("http", "https"), SafeDownloader)
        super().__init__(remote, downloader_overrides=safe)
        self._token, self._file_origin = remote.token, remote.file_origin
        if not remote.proxy_url:
            host = self._own.raw_host or ""
            guard_session(self, lambda resolver: AddressGuard(host, resolver))

    def build(self, url: str, **kwargs: Any) -> Any:
        """Return a downloader that knows the remote's own origin, with the credential for the URL."""
        downloader = super().build(url, **kwargs)
        if isinstance(downloader, SafeDownloader):
            # The index may be a git repository, reached by ssh, or in a folder.
            is_web = self._own.scheme in ("https", "http")
            downloader.own_origin = self._own.origin() if is_web else None
            target = URL(url)
            origin = target.origin()
            # The index says where files are; that host does not get the remote's password, and the
            # token only if cargo would send it there. aiohttp drops both when it is redirected.
            # A URL with a user and password needs neither.
            is_own = origin == downloader.own_origin
            is_complete = target.user is not None or target.password is not None
            if not is_own or self._token or is_complete:
                downloader.auth = None
            gets_token = is_own or str(origin) == self._file_origin
            if self._token and gets_token and not is_complete:
                downloader.request_headers = {"Authorization": self._token}
        return downloader


def _plain(host: str) -> str:
    return host.lower().rstrip(".")
