"""One line of an index file (Cargo Book, Registry Index).

Cargo silently drops a line that it cannot parse, so a line has only what cargo knows, and all
that releases before 1.84 need.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pulp_cargo.protocol.errors import InvalidMetadata, InvalidVersion
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.table import Table, parse_json_object

Features = dict[str, tuple[str, ...]]

# Lines of web-sys have 50,000 characters, and parsing one blocks the interpreter.
LONGEST_LINE = 1024 * 1024
# Maximum number of objects and lists in a line; a crate with a thousand dependencies has two thousand.
MOST_PARTS = 50_000

_KINDS = ("normal", "build", "dev")
CKSUM = re.compile(r"[0-9a-f]{64}")
# Cargo 1.94 loses a version whose time has fractions or another offset. Some parsers of times accept
# 24:00.
PUBTIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}Z")


@dataclass(frozen=True, slots=True)
class Dependency:
    """A dependency as the index has it: `name` is the alias, `package` the crate if renamed."""

    name: str
    req: str
    features: tuple[str, ...] = ()
    optional: bool = False
    default_features: bool = True
    target: str | None = None
    kind: str = "normal"
    registry: str | None = None
    package: str | None = None
    public: bool | None = None
    artifact: tuple[str, ...] | None = None
    bindep_target: str | None = None
    lib: bool = False


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A published version as the index has it."""

    name: str
    vers: str
    deps: tuple[Dependency, ...]
    cksum: str
    features: Features
    features2: Features | None = None
    yanked: bool = False
    links: str | None = None
    rust_version: str | None = None
    pubtime: str | None = None
    v: int | None = None


def render_line(entry: IndexEntry) -> str:
    """Return the line of a version, in the order of keys that crates.io writes."""
    line: dict[str, object] = {
        "name": entry.name,
        "vers": entry.vers,
        "deps": [_dependency_json(dep) for dep in entry.deps],
        "cksum": entry.cksum,
        "features": entry.features,
    }
    if entry.features2 is not None:
        line["features2"] = entry.features2
    line["yanked"] = entry.yanked
    for key in ("links", "rust_version", "pubtime", "v"):
        value = getattr(entry, key)
        if value is not None:
            line[key] = value
    return _json(line)


def require_short_line(line: str) -> None:
    """Raise InvalidMetadata for a line of somebody else that would take long to parse."""
    if len(line) > LONGEST_LINE or line.count("{") + line.count("[") > MOST_PARTS:
        raise InvalidMetadata(
            f"the index line has more than {LONGEST_LINE} characters or {MOST_PARTS} parts"
        )


def parse_line(text: str) -> IndexEntry:
    """Return the version in a line; unknown keys are ignored, as in cargo."""
    line = parse_json_object(text, "the index line", InvalidMetadata)
    return IndexEntry(
        name=line.text("name"),
        vers=_vers(line),
        deps=tuple(_parse_dependency(dep) for dep in line.list_of_tables("deps")),
        cksum=_matching(line, CKSUM, "cksum", line.text("cksum")),
        features=_features(line, "features") or {},
        features2=_features(line, "features2") if line.values.get("features2") else None,
        yanked=line.flag("yanked", default=False),
        links=line.text_or_none("links"),
        rust_version=line.text_or_none("rust_version"),
        pubtime=_pubtime(line),
        v=line.number_or_none("v"),
    )


def is_pubtime(text: str) -> bool:
    """Return whether a text is a time in the form of the index, and exists.

    >>> is_pubtime("2024-02-29T00:00:00Z"), is_pubtime("2023-02-29T00:00:00Z")
    (True, False)
    """
    if not PUBTIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def sort_deps(deps: Iterable[Dependency]) -> tuple[Dependency, ...]:
    """Return dependencies in the order of crates.io.

    Old releases of cargo misread `optional` unless the normal entry of a name comes first.
    """
    return tuple(sorted(deps, key=_dependency_order))


def _dependency_order(dep: Dependency) -> tuple[object, ...]:
    return (
        dep.name,
        _KINDS.index(dep.kind),
        dep.req,
        dep.optional,
        dep.default_features,
        (dep.target is not None, dep.target or ""),
        (dep.package is not None, dep.package or ""),
        dep.features,
        dep.registry or "",
    )


def _dependency_json(dep: Dependency) -> dict[str, object]:
    line: dict[str, object] = {
        "name": dep.name,
        "req": dep.req,
        "features": dep.features,
        "optional": dep.optional,
        "default_features": dep.default_features,
        "target": dep.target,
        "kind": dep.kind,
        "registry": dep.registry,
    }
    for key in ("package", "public", "artifact", "bindep_target"):
        value = getattr(dep, key)
        if value is not None:
            line[key] = value
    if dep.lib:
        line["lib"] = True
    return line


def _parse_dependency(table: Table) -> Dependency:
    kind = table.text_or_none("kind")
    return Dependency(
        name=table.text("name"),
        req=table.text("req"),
        features=table.texts("features"),
        optional=table.flag("optional", default=False),
        default_features=table.flag("default_features", default=True),
        target=table.text_or_none("target"),
        kind=kind if kind in _KINDS else "normal",
        registry=table.text_or_none("registry"),
        package=table.text_or_none("package"),
        public=None if table.values.get("public") is None else table.flag("public", default=False),
        artifact=table.texts_or_none("artifact"),
        bindep_target=table.text_or_none("bindep_target"),
        lib=table.flag("lib", default=False),
    )


def _features(line: Table, key: str) -> Features:
    table = line.below(key, line.values.get(key, {}))
    return {name: table.texts(name) for name in table.values}


def _vers(line: Table) -> str:
    vers = line.text("vers")
    try:
        parse_version(vers)
    except InvalidVersion as error:
        raise InvalidMetadata(str(error)) from error
    return vers


def _pubtime(line: Table) -> str | None:
    pubtime = line.text_or_none("pubtime")
    return pubtime and _matching(line, PUBTIME, "pubtime", pubtime)


def _matching(line: Table, pattern: re.Pattern[str], key: str, value: str) -> str:
    if not pattern.fullmatch(value):
        raise InvalidMetadata(f"`{key}` of {line.where} is {value!r}")
    return value


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
