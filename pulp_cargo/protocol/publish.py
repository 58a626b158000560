"""What `cargo publish` sends (Cargo Book, Registry Web API, Publish).

Two lengths of four bytes, little-endian, each followed by its part: JSON, then the .crate file.
Most of the JSON is not used, since consumers build from the Cargo.toml in the .crate file.
"""

from dataclasses import dataclass

from pulp_cargo.protocol.errors import InvalidMetadata, InvalidPublishBody, RuleBroken, TooLarge
from pulp_cargo.protocol.manifest import Manifest
from pulp_cargo.protocol.manifest_deps import MOST_DEPENDENCIES
from pulp_cargo.protocol.names import CrateName, parse_crate_name
from pulp_cargo.protocol.registry_url import CRATES_IO
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.protocol.table import Table, parse_json_object

_PREFIX = 4
_TEXTS = (
    "description",
    "documentation",
    "homepage",
    "license",
    "license_file",
    "links",
    "readme",
    "readme_file",
    "repository",
    "rust_version",
)
_LISTS_OF_TEXTS = ("authors", "categories", "keywords")


class FrameReader:
    """Parses the body of a publish as it arrives; stores the JSON, passes the crate on.

    Both lengths are checked when their prefix arrives, before any byte of the part.
    """

    def __init__(self, max_metadata: int, max_crate: int) -> None:
        self._max_metadata = max_metadata
        self._max_crate = max_crate
        self._buffer = bytearray()
        self._metadata_size: int | None = None
        self._crate_left = 0
        self.metadata: bytes | None = None
        self.crate_size: int | None = None

    def feed(self, chunk: bytes | memoryview) -> bytes:
        """Parse the next bytes of the body, and return those that belong to the crate."""
        rest = memoryview(chunk)
        if self.metadata is None:
            rest = self._feed_metadata(rest)
        if self.metadata is not None and self.crate_size is None:
            rest = self._feed_crate_prefix(rest)
        if len(rest) > self._crate_left:
            after = len(rest) - self._crate_left
            raise InvalidPublishBody(f"at least {after} bytes follow the crate file")
        self._crate_left -= len(rest)
        return bytes(rest)

    def finish(self) -> None:
        """Raise if the body ended too early."""
        if self._metadata_size is None:
            raise InvalidPublishBody("the body ends before the length of the metadata")
        if self.metadata is None:
            raise InvalidPublishBody(
                f"the body ends after {len(self._buffer)} of {self._metadata_size} bytes of metadata"
            )
        if self.crate_size is None:
            raise InvalidPublishBody("the body ends before the length of the crate file")
        if self._crate_left:
            raise InvalidPublishBody(
                f"the body ends {self._crate_left} bytes before the end of the crate file, "
                f"which was announced with {self.crate_size} bytes"
            )

    def _feed_metadata(self, rest: memoryview) -> memoryview:
        if self._metadata_size is None:
            prefix, rest = self._take(rest, _PREFIX)
            if prefix is None:
                return rest
            self._metadata_size = _size(prefix, "metadata", self._max_metadata)
        self.metadata, rest = self._take(rest, self._metadata_size)
        return rest

    def _feed_crate_prefix(self, rest: memoryview) -> memoryview:
        prefix, rest = self._take(rest, _PREFIX)
        if prefix is not None:
            self.crate_size = self._crate_left = _size(prefix, "crate file", self._max_crate)
        return rest

    def _take(self, rest: memoryview, size: int) -> tuple[bytes | None, memoryview]:
        """Collect bytes up to a number; return them, and the rest."""
        missing = size - len(self._buffer)
        self._buffer += rest[:missing]
        if len(self._buffer) < size:
            return None, rest[missing:]
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken, rest[missing:]


@dataclass(frozen=True, slots=True)
class PublishDependency:
    """A dependency in the JSON: `name` is the crate, `registry` is null for "this registry"."""

    name: str
    explicit_name_in_toml: str | None
    registry: str | None
    kind: str
    target: str | None


@dataclass(frozen=True, slots=True)
class PublishMetadata:
    """The parts of the JSON that are used."""

    name: CrateName
    vers: str
    deps: tuple[PublishDependency, ...]


def parse_metadata(data: bytes, most_deps: int = MOST_DEPENDENCIES) -> PublishMetadata:
    """Return the metadata; a missing key is null, and unknown keys are ignored.

    More than `most_deps` dependencies are refused before they are read.
    """
    table = parse_json_object(data, "the metadata", InvalidMetadata, unique_keys=True)
    deps = () if table.values.get("deps") is None else tuple(table.list_of_tables("deps"))
    if len(deps) > most_deps:
        raise RuleBroken(
            [
                f"the crate has {len(deps)} dependencies, but this registry allows at most"
                f" {most_deps}"
            ]
        )
    _require_types_of_cargo(table)
    return PublishMetadata(
        name=parse_crate_name(table.text("name")),
        vers=str(parse_version(table.text("vers"))),
        deps=tuple(_dependency(dep) for dep in deps),
    )


def require_agreement(metadata: PublishMetadata, manifest: Manifest) -> None:
    """Raise unless name and version are the same text in JSON and manifest.

    If they differ, cargo fails with an internal error for consumers.
    """
    pairs = (("name", metadata.name, manifest.name), ("version", metadata.vers, manifest.vers))
    for what, announced, packed in pairs:
        if announced != packed:
            raise InvalidMetadata(
                f"the {what} `{announced}` in the metadata differs from the {what} `{packed}` in"
                " the Cargo.toml of the crate file"
            )


def own_url_evidence(metadata: PublishMetadata, manifest: Manifest) -> frozenset[str]:
    """Return the URLs that the publisher uses for the registry that is published to.

    Cargo writes such a dependency without a registry into the JSON and with one into the manifest.
    """
    ours = {
        (dep.explicit_name_in_toml or dep.name, dep.kind, dep.target)
        for dep in metadata.deps
        if dep.registry is None
    }
    return frozenset(
        dep.registry
        for dep in manifest.deps
        if dep.registry not in (None, CRATES_IO) and (dep.name, dep.kind, dep.target) in ours
    )


def _require_types_of_cargo(table: Table) -> None:
    """Refuse values of other types than cargo sends, though the values themselves are not used."""
    for key in _TEXTS:
        if not isinstance(table.values.get(key), str | None):
            raise InvalidMetadata(f"`{key}` of the metadata must be a string")
    for key in _LISTS_OF_TEXTS:
        _require_texts(table, key)
    features = table.table("features")
    for name in features.values:
        _require_texts(features, name)
    for _, badge in table.table("badges").tables():
        for key in badge.values:
            if not isinstance(badge.values[key], str | None):
                raise InvalidMetadata(f"`{key}` of {badge.where} must be a string")


def _require_texts(table: Table, key: str) -> None:
    value = table.values.get(key)
    is_list = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if value is not None and not is_list:
        raise InvalidMetadata(f"`{key}` of {table.where} must be a list of strings")


def _dependency(table: Table) -> PublishDependency:
    return PublishDependency(
        name=table.text("name"),
        explicit_name_in_toml=table.text_or_none("explicit_name_in_toml"),
        registry=table.text_or_none("registry"),
        kind=table.text_or_none("kind") or "normal",
        target=table.text_or_none("target"),
    )


def _size(prefix: bytes, what: str, limit: int) -> int:
    size = int.from_bytes(prefix, "little")
    if size > limit:
        raise TooLarge(f"the {what} has {size} bytes, but this registry accepts at most {limit}")
    return size
