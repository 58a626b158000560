"""The names we need from pulpcore that its plugin API does not offer, in one place.

Each was read in pulpcore 3.123; a change of core shows here and nowhere else.
"""

import atexit

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

# The storage class of a domain whose files are on disks of our own.
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
    "let_go_of_session",
    "with_domain",
]


def let_go_of_session(remote: Remote) -> None:
    """Let nothing but its users hold the session that core made for a remote, who close it.

    Core's factory has the interpreter call it at exit, and is held with all it has until then.
    """
    atexit.unregister(remote.download_factory._session_cleanup)
