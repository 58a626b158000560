"""Builds crates to publish: a test specifies only what it is about.

`Crate("leaf", "1.0.0")` is what `cargo publish` would send of a small library: the archive with
its normalised manifest, and the JSON beside it (Cargo Book, Registry Web API, "Publish").
"""

import hashlib
import json
import random
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pulp_cargo.tests.support.tarball import Entry, named, packed

CRATES_IO = "https://github.com/rust-lang/crates.io-index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dep:
    """A dependency; `registry` is None for the registry that the crate is published to."""

    name: str
    req: str = "^1"
    kind: str = "normal"
    alias: str | None = None
    optional: bool = False
    default_features: bool = True
    features: Sequence[str] = ()
    target: str | None = None
    registry: str | None = None
    artifact: Sequence[str] = ()

    def in_json(self) -> dict[str, object]:
        """Return cargo's form in the JSON of a publish."""
        fields: dict[str, object] = {
            "optional": self.optional,
            "default_features": self.default_features,
            "name": self.name,
            "features": list(self.features),
            "version_req": self.req,
            "target": self.target,
            "kind": self.kind,
        }
        sometimes = {
            "registry": self.registry,
            "explicit_name_in_toml": self.alias,
            "artifact": list(self.artifact) or None,
        }
        return fields | {key: value for key, value in sometimes.items() if value is not None}

    def in_toml(self, own_url: str) -> str:
        """Return cargo's table in the packaged manifest."""
        kind = {"normal": "", "dev": "dev-", "build": "build-"}[self.kind] + "dependencies"
        target = f"target.{_toml(self.target)}." if self.target else ""
        values: dict[str, object] = {"version": self.req}
        if self.optional:
            values["optional"] = True
        if not self.default_features:
            values["default-features"] = False
        if self.features:
            values["features"] = list(self.features)
        if self.artifact:
            values["artifact"] = list(self.artifact)
        if self.alias:
            values["package"] = self.name
        registry = self.registry or own_url
        if registry != CRATES_IO:
            values["registry-index"] = registry
        return f"[{target}{kind}.{self.alias or self.name}]\n{_lines(values)}"


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate version; the fields after `package` replace or damage parts of the publish."""

    name: str
    vers: str = "1.0.0"
    deps: Sequence[Dep] = ()
    features: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=lambda: {"src/lib.rs": b""})
    package: Mapping[str, object] = field(default_factory=dict)
    manifest_tail: str = ""
    manifest_bytes: bytes | None = None
    json_changes: Mapping[str, object] = field(default_factory=dict)
    archive: bytes | None = None

    @property
    def root(self) -> str:
        """The top folder of the archive."""
        return f"{self.name}-{self.vers}"

    def manifest(self, own_url: str = "") -> bytes:
        """Return the Cargo.toml as packaged by cargo; `own_url` is the registry's URL."""
        if self.manifest_bytes is not None:
            return self.manifest_bytes
        package = {"edition": "2021", "name": self.name, "version": self.vers, **self.package}
        parts = [f"[package]\n{_lines(package)}", *(dep.in_toml(own_url) for dep in self.deps)]
        if self.features:
            parts.append(f"[features]\n{_lines({k: list(v) for k, v in self.features.items()})}")
        return "\n".join([*parts, self.manifest_tail]).encode()

    def entries(self, own_url: str = "") -> Iterator[Entry]:
        """Iterate over the entries of the archive."""
        for path, content in {"Cargo.toml": self.manifest(own_url), **self.files}.items():
            yield from named(f"{self.root}/{path}".encode(), content)

    def packed(self, own_url: str = "") -> bytes:
        """Return the .crate file."""
        return packed(self.entries(own_url)) if self.archive is None else self.archive

    def with_entries(self, *more: Entry) -> "Crate":
        """Return the same crate with additional entries in its archive."""
        return replace(self, archive=packed([*self.entries(), *more]))

    def cksum(self, own_url: str = "") -> str:
        """Return the expected checksum of the file in the index."""
        return hashlib.sha256(self.packed(own_url)).hexdigest()

    def metadata(self) -> dict[str, object]:
        """Return the JSON before the file."""
        fields: dict[str, object] = {
            "name": self.name,
            "vers": self.vers,
            "deps": [dep.in_json() for dep in self.deps],
            "features": {name: list(values) for name, values in self.features.items()},
            "authors": [],
            "description": self.package.get("description"),
            "documentation": self.package.get("documentation"),
            "homepage": self.package.get("homepage"),
            "readme": None,
            "readme_file": self.package.get("readme"),
            "keywords": self.package.get("keywords", []),
            "categories": self.package.get("categories", []),
            "license": self.package.get("license"),
            "license_file": self.package.get("license-file"),
            "repository": self.package.get("repository"),
            "badges": {},
            "links": self.package.get("links"),
            "rust_version": self.package.get("rust-version"),
        }
        return fields | dict(self.json_changes)

    def body(self, own_url: str = "") -> bytes:
        """Return the body of the publish."""
        return frame(json.dumps(self.metadata()).encode(), self.packed(own_url))


def heavy(name: str, size: int) -> Crate:
    """Return a crate whose file has at least this many bytes, packed only once."""
    crate = Crate(name, files={"noise": random.randbytes(size)})
    return replace(crate, archive=crate.packed())


def frame(metadata: bytes, crate_file: bytes) -> bytes:
    """Return the two parts of a publish, each after its length."""
    return (
        struct.pack("<I", len(metadata))
        + metadata
        + struct.pack("<I", len(crate_file))
        + crate_file
    )


def _lines(values: Mapping[str, object]) -> str:
    return "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: object) -> str:
    """Write a value as TOML, a superset of JSON's strings, lists, numbers and booleans."""
    return json.dumps(value, ensure_ascii=False)
