"""The Cargo.toml in a .crate file, and the index entry derived from it.

`cargo package` rewrites this manifest without paths and inheritance, and with the URLs of
registries (Cargo Book, cargo package; Manifest Format). Anything that it never writes is refused.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulp_cargo.protocol.errors import InvalidManifest
from pulp_cargo.protocol.index import Dependency, Features, IndexEntry
from pulp_cargo.protocol.manifest_deps import MOST_DEPENDENCIES, parse_dependencies
from pulp_cargo.protocol.names import CrateName, parse_crate_name
from pulp_cargo.protocol.semver import MAX_NUMBER, NUMBER, parse_version
from pulp_cargo.protocol.table import Table, is_storable
from pulp_cargo.protocol.toml import parse_toml

# Cargo loses a version whose `rust_version` has an operator, a pre-release or no number at all.
_RUST_VERSION = re.compile(rf"{NUMBER}(?:\.{NUMBER}){{0,2}}")
# Descriptive fields, by our names.
PACKAGE_TEXTS = {
    "edition": "edition",
    "description": "description",
    "license": "license",
    "license_file": "license-file",
    "homepage": "homepage",
    "documentation": "documentation",
    "repository_url": "repository",
}
PACKAGE_LISTS = ("keywords", "categories", "authors")
_WHERE = "the Cargo.toml in the crate file"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The parts of Cargo.toml that a registry needs; dependencies have absolute registry URLs."""

    name: CrateName
    vers: str
    deps: tuple[Dependency, ...]
    features: Features
    links: str | None
    rust_version: str | None
    description: str | None
    license: str | None
    license_file: str | None
    keywords: tuple[str, ...]
    categories: tuple[str, ...]
    homepage: str | None
    documentation: str | None
    repository: str | None
    readme: str | None
    edition: str | None
    authors: tuple[str, ...]

    def entry(self, cksum: str, pubtime: str | None) -> IndexEntry:
        """Return the index entry of the version, with absolute registries."""
        return IndexEntry(
            name=self.name,
            vers=self.vers,
            deps=self.deps,
            cksum=cksum,
            features=self.features,
            links=self.links,
            rust_version=self.rust_version,
            pubtime=pubtime,
            v=_index_version(self.features, self.deps),
        )


def parse_manifest(data: bytes, most_deps: int = MOST_DEPENDENCIES) -> Manifest:
    """Parse the manifest, or raise with the place and the reason.

    More than `most_deps` dependencies are refused before they are read.
    """
    manifest = parse_toml(data, _WHERE, InvalidManifest)
    package = manifest.table("package" if "package" in manifest.values else "project")
    if not package.values:
        raise InvalidManifest(f"{_WHERE} has no `[package]`")
    _refuse_unpublishable(manifest, package)
    return Manifest(
        name=parse_crate_name(package.text("name")),
        vers=str(parse_version(package.text("version"))),
        deps=parse_dependencies(manifest, most_deps),
        features=_features(manifest.table("features")),
        links=package.text_or_none("links"),
        rust_version=_rust_version(package),
        description=package.text_or_none("description"),
        license=package.text_or_none("license"),
        license_file=package.text_or_none("license-file"),
        keywords=package.texts("keywords"),
        categories=package.texts("categories"),
        homepage=package.text_or_none("homepage"),
        documentation=package.text_or_none("documentation"),
        repository=package.text_or_none("repository"),
        readme=_readme(package),
        edition=package.text_or_none("edition"),
        authors=package.texts("authors"),
    )


def read_package(data: bytes) -> Mapping[str, object]:
    """Return what can be read of the `[package]` of an upstream's crate.

    These are `PACKAGE_TEXTS`, and `PACKAGE_LISTS` as lists. An old manifest may have a dependency
    or a version in a form that is refused today, but its licence still counts. Raises
    InvalidManifest.
    """
    values = parse_toml(data, _WHERE, InvalidManifest).values
    package = values.get("package", values.get("project"))
    if not isinstance(package, dict):
        raise InvalidManifest(f"{_WHERE} has no `[package]`")
    found: dict[str, object] = {}
    for field, key in PACKAGE_TEXTS.items():
        text = package.get(key)
        found[field] = text if isinstance(text, str) and is_storable(text) else None
    for field in PACKAGE_LISTS:
        texts = package.get(field)
        listed = texts if isinstance(texts, list) else []
        found[field] = [one for one in listed if isinstance(one, str) and is_storable(one)]
    return found


def _refuse_unpublishable(manifest: Table, package: Table) -> None:
    for key in ("patch", "replace"):
        if manifest.table(key).values:
            raise InvalidManifest(f"a crate with a `[{key}]` table cannot be published")
    inherited = [
        f"package.{key}"
        for key, value in package.values.items()
        if key != "metadata" and isinstance(value, dict) and "workspace" in value
    ]
    if manifest.table("lints").values.get("workspace"):
        inherited.append("lints")
    if inherited:
        raise InvalidManifest(
            f"`{inherited[0]}` is still inherited from a workspace; `cargo package` resolves that"
        )


def _features(table: Table) -> Features:
    """Return the features in the order of crates.io, by name."""
    return {name: table.texts(name) for name in sorted(table.values)}


def _rust_version(package: Table) -> str | None:
    value = package.text_or_none("rust-version")
    if value is not None and not _RUST_VERSION.fullmatch(value):
        raise InvalidManifest(
            f"the rust-version {value!r} is not one to three numbers such as `1.70` or `1.70.0`"
        )
    if value is not None and max(map(int, value.split("."))) > MAX_NUMBER:
        raise InvalidManifest(f"the rust-version {value!r} has a number above {MAX_NUMBER}")
    return value


def _readme(package: Table) -> str | None:
    value = package.values.get("readme")
    if isinstance(value, bool):
        return "README.md" if value else None
    return package.text_or_none("readme")


def _index_version(features: Features, deps: tuple[Dependency, ...]) -> int | None:
    """Return the lowest version of the index format that supports the used features.

    A cargo that does not know this format ignores the version instead of misreading it.
    """
    if any(dep.artifact for dep in deps):
        return 3
    values = (value for values in features.values() for value in values)
    return 2 if any(value.startswith("dep:") or "?/" in value for value in values) else None
