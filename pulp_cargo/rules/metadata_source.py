"""Where the metadata of a crate version comes from, and so how far it is trusted.

What was read from a .crate file here is true of that file for everybody. What an upstream says of
a file is its word: it is kept apart for each remote and for each thing that is said, so that nobody
gets another remote's word, and no word stands in the way of what was read or of another's.
"""

import hashlib
import json
from collections.abc import Mapping
from uuid import UUID

# The metadata were read from the .crate file by this Pulp.
FILE = ""
# An administrator imported them from the export of another Pulp.
IMPORT = "import"


def word_of(remote: UUID, facts: Mapping[str, object]) -> str:
    """Return the source of what a remote says: a digest in hex, of the remote and the facts.

    >>> remote = UUID(int=1)
    >>> word_of(remote, {"license": "MIT"}) == word_of(remote, {"license": "ISC"})
    False
    >>> word_of(remote, {}) == word_of(UUID(int=2), {})
    False
    """
    told = json.dumps([str(remote), facts], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()
