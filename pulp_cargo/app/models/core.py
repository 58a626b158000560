"""The names we need from pulpcore that its plugin API does not offer, in one place.

Each was read in pulpcore 3.123; a change of core shows here and nowhere else.
"""

import atexit
import socket
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, NoReturn

from aiohttp import ClientResponse, TCPConnector
from aiohttp.abc import AbstractResolver
from aiohttp.web import HTTPNotFound
from django.db.models import QuerySet

from pulpcore.app.contexts import with_domain
from pulpcore.app.models import (
    CompositeContentGuard,
    EnvVarHeaderContentGuard,
    HeaderContentGuard,
    RBACContentGuard,
    RepositoryVersionContentDetails,
)
from pulpcore.constants import TASK_INCOMPLETE_STATES
from pulpcore.plugin.download import DownloaderFactory, DownloadResult, HttpDownloader
from pulpcore.plugin.models import Remote, RepositoryVersion

# The storage class of a domain whose files are on disks of our own.
FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"

__all__ = [
    "FILE_SYSTEM",
    "TASK_INCOMPLETE_STATES",
    "CompositeContentGuard",
    "EnvVarHeaderContentGuard",
    "HeaderContentGuard",
    "RBACContentGuard",
    "RepositoryVersionContentDetails",
    "ResponseDownloader",
    "close_content_path",
    "content_ids_of",
    "guard_session",
    "release_session",
    "with_domain",
]


class Guard(AbstractResolver):
    """Resolves the names of hosts, and opens sockets to addresses."""

    @abstractmethod
    def open_socket(self, target: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an address as `getaddrinfo` has it; raises OSError to refuse it."""


class ResponseDownloader(HttpDownloader):
    """Core's downloader, which lets a subclass say what becomes of a response."""

    async def take_response(self, response: ClientResponse) -> DownloadResult:
        """Write the body to the file, and return what core makes of it."""
        return await super()._handle_response(response)

    async def _handle_response(self, response: ClientResponse) -> DownloadResult:
        return await self.take_response(response)


def guard_session(factory: DownloaderFactory, make: Callable[[AbstractResolver], Guard]) -> None:
    """Have every connection of the session that a factory of core made go through a guard.

    The factory makes its connector itself, with all that the remote says of TLS.
    """
    connector = factory._session.connector
    assert isinstance(connector, TCPConnector), "core connects by TCP"
    # A name that aiohttp has no more would be set, and guard nothing.
    assert hasattr(connector, "_resolver") and hasattr(connector, "_socket_factory")
    guard = make(connector._resolver)
    connector._resolver, connector._socket_factory = guard, guard.open_socket


def release_session(remote: Remote) -> None:
    """Let nothing but its users hold the session that core made for a remote, who close it.

    Core's factory has the interpreter call it at exit, and is held with all it has until then.
    """
    atexit.unregister(remote.download_factory._session_cleanup)


def content_ids_of(version: RepositoryVersion) -> QuerySet:
    """Return the ids of a version's content as a subquery, so that none leaves the database."""
    return version.content_ids_subquery()


def close_content_path() -> NoReturn:
    """Have core's content app answer 404, from within a distribution's `content_handler`.

    What that raises gets to aiohttp as it is.
    """
    raise HTTPNotFound
