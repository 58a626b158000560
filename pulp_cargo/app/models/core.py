"""The names outside pulpcore's plugin API that the models need.

Checked with pulpcore 3.123; changes of core affect this module only.
"""

import atexit
import socket
from abc import abstractmethod
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from aiohttp import ClientResponse, TCPConnector
from aiohttp.abc import AbstractResolver
from aiohttp.web import HTTPNotFound
from django.db.models import QuerySet

from pulpcore.app.contexts import with_domain, with_user
from pulpcore.app.models import (
    CompositeContentGuard,
    EnvVarHeaderContentGuard,
    HeaderContentGuard,
    RBACContentGuard,
    RepositoryVersionContentDetails,
)
from pulpcore.app.models.storage import get_artifact_path as artifact_path
from pulpcore.app.util import cache_key, get_viewset_for_model
from pulpcore.cache import Cache
from pulpcore.constants import TASK_INCOMPLETE_STATES
from pulpcore.plugin.download import DownloaderFactory, DownloadResult, HttpDownloader
from pulpcore.plugin.models import Domain, Remote, RepositoryVersion

# The storage class of domains on a file system.
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
    "artifact_path",
    "close_content_path",
    "content_ids_of",
    "drop_content_responses",
    "get_viewset_for_model",
    "guard_session",
    "release_session",
    "with_domain",
    "with_user",
]


class Guard(AbstractResolver):
    """Resolves host names, and opens sockets to addresses."""

    @abstractmethod
    def open_socket(self, target: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an entry of `getaddrinfo`; raises OSError to refuse its address."""


class ResponseDownloader(HttpDownloader):
    """Core's downloader with an overridable method for handling a response.

    `request_headers` are sent in addition to those of the session, which all URLs of a remote share.
    """

    request_headers: Mapping[str, str] = MappingProxyType({})

    async def take_response(self, response: ClientResponse) -> DownloadResult:
        """Write the body to the file, and return core's result."""
        return await super()._handle_response(response)

    async def _handle_response(self, response: ClientResponse) -> DownloadResult:
        return await self.take_response(response)

    async def _run(self, extra_data: dict[str, Any] | None = None) -> DownloadResult:
        extra = extra_data or {}
        arguments = extra.get("request_kwargs") or {}
        headers = {**self.request_headers, **(arguments.get("headers") or {})}
        sent = {**extra, "request_kwargs": {**arguments, "headers": headers}}
        return await super()._run(extra_data=sent)


def guard_session(factory: DownloaderFactory, make: Callable[[AbstractResolver], Guard]) -> None:
    """Route all connections of the session of one of core's factories through a guard.

    The factory creates its own connector with the remote's TLS settings, so its parts are replaced.
    """
    connector = factory._session.connector
    assert isinstance(connector, TCPConnector), "core connects by TCP"
    # If aiohttp renames these attributes, setting them would have no effect.
    assert hasattr(connector, "_resolver") and hasattr(connector, "_socket_factory")
    guard = make(connector._resolver)
    connector._resolver, connector._socket_factory = guard, guard.open_socket


def drop_content_responses(base_paths: list[str], domain: Domain) -> None:
    """Drop what Pulp's cache has of the content app's responses below these paths."""
    Cache().delete(base_key=cache_key(base_paths, domain))


def release_session(remote: Remote) -> None:
    """Release the session that core made for a remote, so that its users can close and free it.

    Core's factory registers an exit handler, which would keep the factory alive until then.
    """
    atexit.unregister(remote.download_factory._session_cleanup)


def content_ids_of(version: RepositoryVersion) -> QuerySet:
    """Return the ids of a version's content as a subquery, so that they stay in the database."""
    return version.content_ids_subquery()


def close_content_path() -> NoReturn:
    """Make core's content app answer 404, from within a distribution's `content_handler`.

    Core does not catch the exception, so that aiohttp turns it into the response.
    """
    raise HTTPNotFound
