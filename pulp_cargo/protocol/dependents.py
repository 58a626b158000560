"""The keys by which the crates that depend on a crate are found.

A key has the name of a crate and the registry that it is from: crates of other registries may have
the same name.
"""

from collections.abc import Callable, Collection

import msgspec

from pulp_cargo.protocol.names import CRATE_NAME, canonical_name
from pulp_cargo.protocol.registry_url import registry_digest


class _Dependency(msgspec.Struct):
    name: str
    package: str | None = None
    registry: str | None = None


class _Line(msgspec.Struct):
    deps: list[_Dependency] = []


def dependency_keys(
    index_line: str, digest_of: Callable[[str], str] = registry_digest
) -> list[str]:
    """Return the keys of all dependencies in an index line of ours, each once.

    >>> line = '{"deps":[{"name":"a","package":"Real-Name","registry":null},{"name":"a b"}]}'
    >>> dependency_keys(line)
    ['real_name ']
    """
    deps = msgspec.json.decode(index_line, type=_Line).deps
    named = ((dep.package or dep.name, dep.registry) for dep in deps)
    # The line of an upstream may have any text for a name.
    found = (_key(*one, digest_of) for one in named if CRATE_NAME.fullmatch(one[0]))
    return list(dict.fromkeys(found))


def keys_of(name: str, registries: Collection[str]) -> list[str]:
    """Return the keys of dependencies on a crate of a registry; `registries` are its URLs.

    >>> keys_of("Real-Name", ["https://github.com/rust-lang/crates.io-index"])
    ['real_name ', 'real_name crates.io']
    """
    keys = [_key(name, one, registry_digest) for one in (None, *registries)]
    return list(dict.fromkeys(keys))


def _key(name: str, registry: str | None, digest_of: Callable[[str], str]) -> str:
    return f"{canonical_name(name)} {'' if registry is None else digest_of(registry)}"
