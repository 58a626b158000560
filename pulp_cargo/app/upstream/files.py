"""Fetching .crate files of an upstream registry, several at a time.

How many at a time, and all else about the connection, is the remote's; core's downloader compares
size and SHA-256 with those that the upstream's index had.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from aiohttp import ClientError

from pulpcore.plugin.exceptions import (
    DigestValidationError,
    SizeValidationError,
    TimeoutException,
)
from pulpcore.plugin.models import RemoteArtifact

from pulp_cargo.app.models import CargoRemote
from pulp_cargo.app.upstream.errors import CannotCopy
from pulp_cargo.app.upstream.listing import registry_root


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A file in the task's directory; what `services/crates/artifacts` needs to know of it."""

    path: str
    size: int
    digests: dict[str, str]

    @property
    def cksum(self) -> str:
        """The SHA-256, in hex."""
        return self.digests["sha256"]

    @property
    def is_settled(self) -> bool:
        """Whether its bytes are on the disk, of which core's downloader does not make sure."""
        return False

    def restore(self) -> None:
        """Do nothing: the file has not been moved anywhere yet."""

    def rewind(self) -> BinaryIO:
        """Return the file, at its start."""
        return open(self.path, "rb")


@contextmanager
def connection_of(remote: CargoRemote) -> Iterator[None]:
    """Close the connections to the upstream afterwards."""
    try:
        yield
    finally:
        _loop().run_until_complete(_close(remote))


def fetch(remote: CargoRemote, sources: Sequence[RemoteArtifact]) -> list[Downloaded]:
    """Download the files, in order; raises CannotCopy when one cannot be had as it should be."""
    return _loop().run_until_complete(_fetch_all(remote, sources))


async def _fetch_all(remote: CargoRemote, sources: Sequence[RemoteArtifact]) -> list[Downloaded]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(_fetch(remote, source)) for source in sources]
    except* CannotCopy as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


async def _fetch(remote: CargoRemote, source: RemoteArtifact) -> Downloaded:
    downloader = remote.get_downloader(remote_artifact=source)
    try:
        result = await downloader.run()
    except (DigestValidationError, SizeValidationError) as error:
        raise CannotCopy(f"{source.url} is not the file that the index names: {error}") from error
    except (ClientError, TimeoutException, OSError) as error:
        raise CannotCopy(f"{source.url} could not be downloaded: {error}") from error
    digests = dict(result.artifact_attributes)
    return Downloaded(result.path, digests.pop("size"), digests)


async def _close(remote: CargoRemote) -> None:
    # All downloaders of a remote share one session.
    await remote.get_downloader(url=registry_root(remote)).session.close()


def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.get_event_loop()
