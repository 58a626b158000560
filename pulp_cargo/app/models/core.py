"""The names we need from pulpcore that its plugin API does not offer, in one place.

Each was read in pulpcore 3.123; a change of core shows here and nowhere else.
"""

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
    "with_domain",
]
