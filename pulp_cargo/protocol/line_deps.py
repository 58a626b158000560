"""What an index line says about dependencies and features, read without the rest of it.

It is read as cargo reads it (Cargo Book, Registry Index, "JSON schema"): a line that cargo would
skip is none.
"""

from collections.abc import Mapping
from functools import lru_cache

import msgspec

from pulp_cargo.protocol.errors import InvalidRequirement
from pulp_cargo.protocol.index import LONGEST_LINE
from pulp_cargo.protocol.requirement import Requirement, parse_requirement

# Cargo skips lines of a later format than it knows (`INDEX_V_MAX`).
_NEWEST_FORMAT = 2
DEFAULT_FEATURE = "default"


# The lines of an index repeat few requirements, of which most are `^1.0` and the like.
_requirement = lru_cache(maxsize=4096)(parse_requirement)


class LineDep(msgspec.Struct, frozen=True, gc=False):
    """A dependency: `name` is the alias, `package` the crate if it is renamed.

    `registry` is None for the registry that the line is from.
    """

    name: str
    req: str
    features: tuple[str, ...] = ()
    optional: bool = False
    default_features: bool = True
    target: str | None = None
    kind: str | None = None
    registry: str | None = None
    package: str | None = None

    @property
    def crate(self) -> str:
        """The name of the crate, which must be spelled exactly as in the registry."""
        return self.package or self.name

    @property
    def is_dev(self) -> bool:
        """Whether only tests and examples need it; cargo treats an unknown kind as normal."""
        return self.kind == "dev"

    @property
    def requested(self) -> frozenset[str]:
        """The features of the crate that this dependency enables by itself."""
        default = (DEFAULT_FEATURE,) if self.default_features else ()
        return frozenset((*self.features, *default))

    @property
    def requirement(self) -> Requirement:
        """The parsed requirement."""
        return _requirement(self.req)


class LineDeps(msgspec.Struct, frozen=True, gc=False):
    """The dependencies and features of a version."""

    deps: tuple[LineDep, ...]
    features: Mapping[str, tuple[str, ...]]


_Features = dict[str, tuple[str, ...]]


class _Line(msgspec.Struct, frozen=True, gc=False):
    deps: tuple[LineDep, ...]
    features: _Features = {}
    features2: _Features | None = None
    v: int | None = None


_DECODER = msgspec.json.Decoder(_Line)


def parse_line_deps(line: str) -> LineDeps | None:
    """Return what a line says about dependencies, None if cargo would skip the line.

    >>> line = '{"deps":[{"name":"a","req":"^1","package":"b"}],"features":{},"yanked":false}'
    >>> [(dep.name, dep.crate, dep.req) for dep in parse_line_deps(line).deps]
    [('a', 'b', '^1')]
    """
    if len(line) > LONGEST_LINE:
        return None
    try:
        read = _DECODER.decode(line)
        for dep in read.deps:
            # Cargo parses the requirements of a line when it reads it.
            _ = dep.requirement
    except (msgspec.MsgspecError, InvalidRequirement, RecursionError):
        return None
    if read.v is not None and read.v > _NEWEST_FORMAT:
        return None
    return LineDeps(read.deps, _merged(read.features, read.features2 or {}))


def _merged(features: _Features, more: _Features) -> _Features:
    """Return both tables of features as one; crates.io splits a table, not the value of a key."""
    return {**features, **{name: (*features.get(name, ()), *more[name]) for name in more}}
