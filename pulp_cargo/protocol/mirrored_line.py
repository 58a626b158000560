"""Index lines of any registry, as a mirror stores them (Cargo Book, Registry Index, "JSON schema").

A mirror of crates.io reads millions of lines, so a line is decoded and written by msgspec, and the
results of checks of short texts, which repeat, are cached. The rules are those for a listing
(`protocol/listing`): a line that cargo would misread is refused, and only that line.
"""

from collections.abc import Iterator
from functools import lru_cache

import msgspec
from msgspec import UNSET, UnsetType

from pulp_cargo.protocol.errors import InvalidMetadata, RegistryError
from pulp_cargo.protocol.features import check_features
from pulp_cargo.protocol.index import CKSUM, LONGEST_LINE, MOST_PARTS, is_pubtime
from pulp_cargo.protocol.names import CRATE_NAME, parse_crate_name, parse_dependency_name
from pulp_cargo.protocol.packed_index import MAX_SIZE
from pulp_cargo.protocol.registry_url import CRATES_IO, parse_registry_url
from pulp_cargo.protocol.requirement import normalise_requirement
from pulp_cargo.protocol.semver import is_version, parse_version
from pulp_cargo.protocol.target import parse_target
from pulp_cargo.protocol.upstream_index import MOST_SKIPPED

_KINDS = frozenset(["normal", "build", "dev"])
# Different texts whose check is remembered; crates.io has fewer requirements.
_REMEMBERED = 1 << 16


class MirroredDependency(msgspec.Struct, gc=False):
    """A dependency in the order of keys in which it is written; `package` and later ones may lack."""

    name: str
    req: str
    features: list[str] = []
    optional: bool = False
    default_features: bool = True
    target: str | None = None
    kind: str | None = "normal"
    registry: str | None = None
    package: str | UnsetType | None = UNSET
    public: bool | UnsetType | None = UNSET
    artifact: list[str] | UnsetType | None = UNSET
    bindep_target: str | UnsetType | None = UNSET
    lib: bool | UnsetType = UNSET

    @property
    def crate(self) -> str:
        """The real name of the crate."""
        return self.package or self.name


class MirroredLine(msgspec.Struct, gc=False):
    """A version; unknown keys are ignored, as in cargo."""

    name: str
    vers: str
    deps: list[MirroredDependency]
    cksum: str
    features: dict[str, list[str]] = {}
    features2: dict[str, list[str]] | UnsetType | None = UNSET
    yanked: bool | None = False
    links: str | UnsetType | None = UNSET
    rust_version: str | UnsetType | None = UNSET
    pubtime: str | UnsetType | None = UNSET
    v: int | UnsetType | None = UNSET

    @property
    def number(self) -> str:
        """The version without build metadata."""
        return self.vers.partition("+")[0]

    def rendered(self) -> str:
        """Return the line as it is stored: not yanked, in the form of `index.render_line`."""
        yanked, self.yanked = self.yanked, False
        try:
            return _ENCODER.encode(self).decode()
        finally:
            self.yanked = yanked


_DECODER = msgspec.json.Decoder(MirroredLine)
_ENCODER = msgspec.json.Encoder()


class _SoundFeatures:
    """The features that were checked last: most versions of a crate have those of the one before."""

    def __init__(self) -> None:
        self._last: object = None

    def require(self, line: MirroredLine) -> None:
        """Raise InvalidFeatures as `check_features` does."""
        features = line.features | (line.features2 or {})
        if not features:
            return
        # All that is looked at.
        checked = (features, [(dep.name, dep.optional, dep.kind) for dep in line.deps])
        if checked != self._last:
            check_features(features, line.deps)  # type: ignore[arg-type]
            self._last = checked


class RefusedLine(msgspec.Struct, gc=False):
    """A line that no version can be made of, with the reason; `vers` is empty if it is not known."""

    vers: str
    reason: str


def read_index_file(
    body: bytes, name: str, registry: str
) -> tuple[dict[str, MirroredLine], list[RefusedLine]]:
    """Return the versions in the index file of a crate by `vers`, and the refused lines.

    `name` is that of the file, in lower case. `registry` is the URL that stands for the registry
    itself. If two lines have the same version the last counts, as in cargo up to 1.95. All versions
    of a crate must have the spelling of the first (Cargo Book, "Index Format").
    """
    # A source of index files may stop shortly after this.
    if len(body) > MAX_SIZE:
        return {}, [RefusedLine("", f"its index file has more than {MAX_SIZE} bytes")]
    versions: dict[str, MirroredLine] = {}
    refused: list[RefusedLine] = []
    spelling = None
    sound = _SoundFeatures()
    for raw in _lines(body):
        try:
            line = read_line(raw, registry, sound)
            if line.name.lower() != name:
                raise InvalidMetadata(f"it is a line of another crate, {line.name[:80]!r}")
            spelling = spelling or line.name
            if line.name != spelling:
                raise InvalidMetadata(f"its name is `{line.name}`, not `{spelling}`")
        except RegistryError as error:
            refused.append(RefusedLine(_vers_of(raw), str(error)))
            if len(refused) > MOST_SKIPPED:
                break
        else:
            versions[line.vers] = line
    return versions, refused


def read_line(raw: bytes, registry: str, sound: _SoundFeatures | None = None) -> MirroredLine:
    """Return the version in a line, its dependencies with absolute registries, or raise InvalidMetadata.

    >>> read_line(b'{"name":"a","vers":"1.0.0","deps":[],"cksum":""}', "https://r.example")
    Traceback (most recent call last):
    pulp_cargo.protocol.errors.InvalidMetadata: `cksum` is ''
    """
    if len(raw) > LONGEST_LINE or raw.count(b"{") + raw.count(b"[") > MOST_PARTS:
        raise InvalidMetadata(f"it has more than {LONGEST_LINE} bytes or {MOST_PARTS} parts")
    try:
        line = _DECODER.decode(raw)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InvalidMetadata(f"it is not an index line: {error}") from error
    # PostgreSQL cannot store it, and cargo has no use for it.
    if b"\\u0000" in raw:
        raise InvalidMetadata("it has a NUL character")
    _require_sound(line)
    for dep in line.deps:
        _complete(dep, registry)
    (sound or _SoundFeatures()).require(line)
    _drop_nulls(line)
    return line


def _lines(body: bytes) -> Iterator[bytes]:
    at = 0
    while (end := body.find(b"\n", at)) >= 0:
        if end > at:
            yield body[at:end]
        at = end + 1
    if body[at:].strip():
        yield body[at:]


def _require_sound(line: MirroredLine) -> None:
    if not CRATE_NAME.fullmatch(line.name):
        parse_crate_name(line.name)
    if not is_version(line.vers):
        parse_version(line.vers)
    if not CKSUM.fullmatch(line.cksum):
        raise InvalidMetadata(f"`cksum` is {line.cksum[:80]!r}")
    # Cargo loses a version with a time of another form, and PostgreSQL stores no 30th of February.
    if line.pubtime and not is_pubtime(line.pubtime):
        raise InvalidMetadata(f"`pubtime` is {line.pubtime[:80]!r}")


def _complete(dep: MirroredDependency, registry: str) -> None:
    """Validate a dependency, and write it out in full."""
    _require_name(dep.name)
    if dep.package:
        _require_package(dep.package)
    else:
        _require_package(dep.name)
        dep.package = UNSET
    _require_requirement(dep.req)
    if dep.registry is None:
        dep.registry = registry
    else:
        _require_registry(dep.registry)
    if dep.target is not None:
        _require_target(dep.target)
    if dep.kind not in _KINDS:
        dep.kind = "normal"
    if dep.public is None:
        dep.public = UNSET
    if dep.artifact is None:
        dep.artifact = UNSET
    if dep.bindep_target is None:
        dep.bindep_target = UNSET
    if not dep.lib:
        dep.lib = UNSET


def _drop_nulls(line: MirroredLine) -> None:
    line.features2 = line.features2 or UNSET
    if line.links is None:
        line.links = UNSET
    if line.rust_version is None:
        line.rust_version = UNSET
    if line.pubtime is None:
        line.pubtime = UNSET
    if line.v is None:
        line.v = UNSET


def _vers_of(raw: bytes) -> str:
    """Return the version of a line that is refused, to name it in the report."""
    try:
        vers = msgspec.json.decode(raw[:LONGEST_LINE])["vers"]
    except (msgspec.MsgspecError, ValueError, TypeError, KeyError, RecursionError):
        return ""
    return vers[:80] if isinstance(vers, str) else ""


# A check that raises is not remembered.
_require_name = lru_cache(_REMEMBERED)(parse_dependency_name)
_require_package = lru_cache(_REMEMBERED)(parse_crate_name)
_require_requirement = lru_cache(_REMEMBERED)(normalise_requirement)
_require_target = lru_cache(_REMEMBERED)(parse_target)
_require_registry = lru_cache(1024)(parse_registry_url)


def registries_of(line: MirroredLine) -> list[str]:
    """Return the registries of the dependencies other than crates.io, as units have them."""
    found = {dep.registry for dep in line.deps if dep.registry}
    return sorted(found - {CRATES_IO})


def dependency_names(line: MirroredLine) -> list[str]:
    """Return the real names of the dependencies, as units have them."""
    return sorted({dep.crate for dep in line.deps})
