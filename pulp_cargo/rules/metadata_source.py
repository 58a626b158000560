"""The source of a crate version's metadata, which determines how far it is trusted.

Metadata that were read from a .crate file are valid for that file everywhere. Metadata that an
upstream supplies are unverified: each remote and each set of metadata has a unit of its own, so
that they never reach users of other remotes, or replace verified metadata.
"""

import hashlib
import json
from collections.abc import Mapping
from uuid import UUID

# This Pulp has read the metadata from the .crate file.
FILE = ""
# An administrator has imported them from an export of another Pulp.
IMPORT = "import"


def word_of(remote: UUID, facts: Mapping[str, object]) -> str:
    """Return the source of metadata from a remote: a digest in hex, of the remote and the facts.

    >>> remote = UUID(int=1)
    >>> word_of(remote, {"license": "MIT"}) == word_of(remote, {"license": "ISC"})
    False
    >>> word_of(remote, {}) == word_of(UUID(int=2), {})
    False
    """
    text = json.dumps([str(remote), facts], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
