"""The source of a crate version's metadata, which determines how far it is trusted.

Metadata that were read from a .crate file are valid for that file everywhere. Metadata that an
upstream or an export supplies are unverified: each remote and each set of metadata has a unit of its
own, so that they never reach users of other remotes, or replace verified metadata.

No file tells when it was published, so the `pubtime` in an index line has a source of its own: the
repository that the version was published to, or the remote or export that supplied the time. Units
of the same file whose times have different sources are different units.
"""

import hashlib
import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from uuid import UUID

# This Pulp has read the metadata from the .crate file.
FILE = ""
# The index line has no time, or its source is that of all metadata.
NO_TIME = ""


def word_of(remote: UUID, facts: Mapping[str, object]) -> str:
    """Return the source of metadata from a remote: a digest in hex, of the remote and the facts.

    >>> remote = UUID(int=1)
    >>> word_of(remote, {"license": "MIT"}) == word_of(remote, {"license": "ISC"})
    False
    >>> word_of(remote, {}) == word_of(UUID(int=2), {})
    False
    """
    return _digest(str(remote), facts)


def word_of_line(remote: UUID | str, index_line: str) -> str:
    """Return the source of metadata that are an index line only, faster than `word_of`.

    >>> line = '{"name":"été","links":"\\\\n"}'
    >>> word_of_line(UUID(int=1), line) == word_of(UUID(int=1), {"index_line": line})
    True
    """
    text = f'["{remote}",{{"index_line":{encode_basestring_ascii(index_line)}}}]'
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def word_of_export(facts: Mapping[str, object]) -> str:
    """Return the source of metadata from an export of another Pulp: a digest of the facts.

    >>> word_of_export({"license": "MIT"}) == word_of_export({"license": "ISC"})
    False
    >>> word_of_export({}) == word_of(UUID(int=0), {})
    False
    """
    return _digest("export", facts)


def time_of(place: UUID, pubtime: str | None) -> str:
    """Return the source of a `pubtime` from a remote, or of a publish to a repository.

    >>> time_of(UUID(int=1), "2020-02-02T02:02:02Z")
    '00000000-0000-0000-0000-000000000001'
    >>> time_of(UUID(int=1), None)
    ''
    """
    return NO_TIME if pubtime is None else str(place)


def _digest(who: str, facts: Mapping[str, object]) -> str:
    text = json.dumps([who, facts], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
