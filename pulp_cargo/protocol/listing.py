"""The listing from which one Pulp syncs the registry of another: all its versions, as JSON lines.

    {"listing":1,"urls":["sparse+https://r.example/i/"],"count":1}    what follows
    {"name":"leaf","vers":"1.0.0","cksum":"…","size":512,"yanked":false,"index_line":"…",…}
    {"end":1}                                      the listing is complete, with this count

It is an extension, since an index has no readmes or licences and needs one request per crate.
The listing comes from another machine, so `parse_crate` validates everything.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pulp_cargo.protocol.errors import BadRequest, InvalidMetadata, RegistryError
from pulp_cargo.protocol.features import check_features
from pulp_cargo.protocol.index import IndexEntry, parse_line, render_line, require_short_line
from pulp_cargo.protocol.names import parse_crate_name, parse_dependency_name
from pulp_cargo.protocol.registry_url import parse_registry_url
from pulp_cargo.protocol.requirement import normalise_requirement
from pulp_cargo.protocol.table import Table, parse_json_object
from pulp_cargo.protocol.target import parse_target

FORMAT = 1
# Maximum length of a line in bytes: escaped, a readme and an index line have a megabyte or so.
LONGEST_LINE = 16 * 1024 * 1024
# Larger than any file, and within PostgreSQL's range.
_LARGEST_SIZE = 2**53

TEXTS = (
    "links",
    "rust_version",
    "edition",
    "description",
    "license",
    "license_file",
    "homepage",
    "documentation",
    "repository_url",
    "readme",
)
LISTS = ("keywords", "categories", "authors")
# The fields of a line, in order.
FIELDS = ("name", "vers", "cksum", "size", "yanked", "index_line", *TEXTS, *LISTS)


class InvalidListing(BadRequest):
    """A listing is invalid."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line: the index URLs that mean the registry, and how many crate versions follow."""

    urls: tuple[str, ...]
    count: int


@dataclass(frozen=True, slots=True)
class ListedCrate:
    """A crate version; `entry` is its parsed index line, `line` that line as we render it."""

    entry: IndexEntry
    line: str
    pubtime: datetime | None
    size: int | None
    yanked: bool
    texts: Mapping[str, str | None]
    lists: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class End:
    """The last line, with the number of crate versions that came before it."""

    count: int


def render_head(urls: Sequence[str], count: int, mirrored: Sequence[str] = ()) -> bytes:
    """Return the first line; `mirrored` are registries whose crates this one has, if any.

    An export names neither them nor the registry itself in dependencies; a sync ignores them.

    >>> render_head(["sparse+https://r.example/i/"], 2)
    b'{"listing":1,"urls":["sparse+https://r.example/i/"],"count":2}\\n'
    """
    also = {"mirrored": list(mirrored)} if mirrored else {}
    return _line({"listing": FORMAT, "urls": list(urls), "count": count, **also})


def render_crate(values: Sequence[object]) -> bytes:
    """Return the line of a crate version from its values in the order of FIELDS."""
    return _line(dict(zip(FIELDS, values, strict=True)))


def render_end(count: int) -> bytes:
    """Return the last line.

    >>> render_end(2)
    b'{"end":2}\\n'
    """
    return _line({"end": count})


def parse_head(line: bytes) -> Head:
    """Parse the first line, or raise InvalidListing."""
    table = parse_json_object(line, "the first line of the listing", InvalidListing)
    if table.number_or_none("listing") != FORMAT:
        raise InvalidListing(f"the listing does not have the format {FORMAT}")
    try:
        urls = tuple(parse_registry_url(url) for url in table.texts("urls"))
    except RegistryError as error:
        raise InvalidListing(f"a URL of the listing is invalid: {error}") from error
    return Head(urls, _count(table, "count"))


def parse_crate(line: bytes) -> ListedCrate | End:
    """Return the crate version of a line, or the end mark; raises InvalidListing.

    Everything is validated as if it were published here, and the index line is rendered again: one
    that cargo misreads would break every consumer of the crate.
    """
    table = parse_json_object(line, "a line of the listing", InvalidListing)
    if "end" in table.values:
        return End(_count(table, "end"))
    try:
        return _crate(table)
    except InvalidListing:
        raise
    except RegistryError as error:
        what = f"{table.values.get('name')!r} {table.values.get('vers')!r}"
        raise InvalidListing(f"the line of {what[:200]} cannot be used: {error}") from error


def _crate(table: Table) -> ListedCrate:
    name = parse_crate_name(table.text("name"))
    line = table.text("index_line")
    require_short_line(line)
    entry = parse_line(line)
    if (name, table.text("vers"), table.text("cksum")) != (entry.name, entry.vers, entry.cksum):
        raise InvalidMetadata("its index line is that of another version")
    if entry.yanked:
        raise InvalidMetadata("its index line is that of a yanked version")
    _require_usable(entry)
    return ListedCrate(
        entry=entry,
        line=render_line(entry),
        pubtime=_pubtime(entry),
        size=_size(table),
        yanked=table.flag("yanked", default=False),
        texts={key: table.text_or_none(key) for key in TEXTS},
        lists={key: table.texts(key) for key in LISTS},
    )


def _require_usable(entry: IndexEntry) -> None:
    for dep in entry.deps:
        parse_dependency_name(dep.name)
        parse_crate_name(dep.package or dep.name)
        normalise_requirement(dep.req)
        if dep.registry is None:
            raise InvalidMetadata(f"the dependency `{dep.name}` has no registry")
        parse_registry_url(dep.registry)
        if dep.target is not None:
            parse_target(dep.target)
    check_features(entry.features | (entry.features2 or {}), entry.deps)


def _pubtime(entry: IndexEntry) -> datetime | None:
    if entry.pubtime is None:
        return None
    try:
        return datetime.strptime(entry.pubtime, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise InvalidMetadata(f"its `pubtime` {entry.pubtime!r} is not a time") from error


def _size(table: Table) -> int | None:
    size = table.number_or_none("size")
    if size is not None and not 0 < size < _LARGEST_SIZE:
        raise InvalidMetadata(f"its `size` is {size}")
    return size


def _count(table: Table, key: str) -> int:
    count = table.number_or_none(key)
    if count is None or count < 0:
        raise InvalidListing(f"`{key}` of {table.where} is not a number of crate versions")
    return count


def _line(values: Mapping[str, object]) -> bytes:
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
