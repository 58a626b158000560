"""The names we need from pulpcore that its plugin API does not offer, in one place.

Each was read in pulpcore 3.123; a change of core shows here and nowhere else.
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
    CompositeContentGuard,
    EnvVarHeaderContentGuard,
    HeaderContentGuard,
    RBACContentGuard,
    RepositoryVersionContentDetails,
)
from pulpcore.app.models.role import GroupRole, Role, UserRole
from pulpcore.constants import TASK_INCOMPLETE_STATES
from pulpcore.plugin.models import Remote

# The storage class of a domain whose files are on disks of our own.
FILE_SYSTEM = "pulpcore.app.models.storage.FileSystem"

__all__ = [
    "FILE_SYSTEM",
    "TASK_INCOMPLETE_STATES",
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
    """Have every connection of a session that core made go through a guard.

    Core's factory makes its connector itself, with all that the remote says of TLS.
    """
    connector = session.connector
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
