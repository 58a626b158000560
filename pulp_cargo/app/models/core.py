"""The names from outside of pulpcore's plugin API that the models need.

Checked with pulpcore 3.123; changes of core affect this module only.
"""

import atexit
import socket
from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession, TCPConnector
from aiohttp.abc import AbstractResolver

from pulpcore.app.contexts import with_domain
from pulpcore.app.models import (
    AppStatus,
    CompositeContentGuard,
    EnvVarHeaderContentGuard,
    HeaderContentGuard,
    RBACContentGuard,
    RepositoryVersionContentDetails,
)
from pulpcore.app.models.role import GroupRole, Role, UserRole
from pulpcore.constants import TASK_INCOMPLETE_STATES
from pulpcore.plugin.models import Remote

# The storage class of domains on a file system.
FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"

__all__ = [
    "FILE_SYSTEM",
    "TASK_INCOMPLETE_STATES",
    "AppStatus",
    "CompositeContentGuard",
    "EnvVarHeaderContentGuard",
    "GroupRole",
    "HeaderContentGuard",
    "RBACContentGuard",
    "RepositoryVersionContentDetails",
    "Role",
    "UserRole",
    "guard_session",
    "release_session",
    "with_domain",
]


class Guard(AbstractResolver):
    """Resolves the names of hosts, and opens sockets to addresses."""

    @abstractmethod
    def open_socket(self, target: tuple[Any, ...]) -> socket.socket:
        """Return a socket for an address as `getaddrinfo` has it; raises OSError to refuse it."""


def guard_session(session: ClientSession, make: Callable[[AbstractResolver], Guard]) -> None:
    """Route every connection of a session that core made through a guard.

    Core's factory makes the connector itself, with the remote's TLS options.
    """
    connector = session.connector
    assert isinstance(connector, TCPConnector), "core connects by TCP"
    # Setting an attribute that aiohttp no longer uses would guard nothing.
    assert hasattr(connector, "_resolver") and hasattr(connector, "_socket_factory")
    guard = make(connector._resolver)
    connector._resolver, connector._socket_factory = guard, guard.open_socket


def release_session(remote: Remote) -> None:
    """Release the session that core made for a remote, so that its users can close and free it.

    Core's factory registers an exit handler, which would keep the factory alive until then.
    """
    atexit.unregister(remote.download_factory._session_cleanup)
