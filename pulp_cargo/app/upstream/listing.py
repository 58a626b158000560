"""Fetching the listing of an upstream registry (see protocol/listing for its form).

It goes to a file first, by core's downloader with all that the remote says of TLS, proxies,
credentials, timeouts and retries. So nothing is stored of a listing that turns out to be cut off
or wrong, and a slow database does not keep the upstream's connection open.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientResponse, ClientResponseError

from pulpcore.plugin.download import DownloadResult
from pulpcore.plugin.exceptions import TimeoutException

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.models.connecting import GuardedFactory
from pulp_cargo.app.models.core import ResponseDownloader
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.protocol.listing import LONGEST_LINE

NAME = "versions.jsonl"
NOT_MODIFIED = 304


@dataclass(frozen=True, slots=True)
class Fetched:
    """The file with the listing, and the entity tag that stands for what it says."""

    path: str
    etag: str | None


class ListingDownloader(ResponseDownloader):
    """Notes the status, which core's results do not have, and stops where no listing can be."""

    status = 0
    _length_of_line = 0

    async def take_response(self, response: ClientResponse) -> DownloadResult:
        """Note the status, and write the body."""
        self.status, self._length_of_line = response.status, 0
        return await super().take_response(response)

    async def handle_data(self, data: bytes) -> None:
        """Write the data, unless a line of it is longer than any that we would read."""
        first, *others = data.split(b"\n")
        lengths = [self._length_of_line + len(first), *map(len, others)]
        if max(lengths) > LONGEST_LINE:
            raise CannotCopy(f"the listing {self.url} has a line of more than {LONGEST_LINE} bytes")
        self._length_of_line = lengths[-1]
        await super().handle_data(data)


def registry_root(remote: CargoRemote) -> str:
    """Return the URL of the upstream registry without cargo's `sparse+`, with its final slash."""
    return str(remote.url).removeprefix("sparse+")


def fetch(remote: CargoRemote, etag: str | None) -> Fetched | None:
    """Fetch the listing into the working directory, None if it has not changed since `etag`.

    Raises CannotCopy.
    """
    return asyncio.get_event_loop().run_until_complete(_fetch(remote, etag))


async def _fetch(remote: CargoRemote, etag: str | None) -> Fetched | None:
    url = registry_root(remote) + NAME
    headers = {"If-None-Match": etag} if etag else {}
    try:
        downloader = _downloader(remote, url)
        try:
            result = await downloader.run(extra_data={"request_kwargs": {"headers": headers}})
        finally:
            await downloader.session.close()
    except ClientResponseError as error:
        raise CannotCopy(_what_it_means(url, error.status)) from error
    except (ClientError, TimeoutException, OSError) as error:
        raise CannotCopy(f"the listing {url} could not be read to its end: {error}") from error
    if downloader.status == NOT_MODIFIED:
        if etag is None:
            raise CannotCopy(f"{url} answers 304 to a request that named nothing to compare with")
        return None
    return Fetched(result.path, result.headers.get("ETag"))


def _downloader(remote: CargoRemote, url: str) -> Any:
    overrides = dict.fromkeys(("http", "https"), ListingDownloader)
    factory = GuardedFactory(remote, downloader_overrides=overrides)
    return remote.get_downloader(url=url, download_factory=factory)


def _what_it_means(url: str, status: int) -> str:
    match status:
        case 401 | 403:
            return (
                f"{url} answers {status}: the remote needs the `username` and `password` of"
                " somebody who may read that registry"
            )
        case 404 | 405 | 410:
            return f"{url} answers {status}: only registries of Pulp can be synced so far"
    return f"{url} answers {status}"
