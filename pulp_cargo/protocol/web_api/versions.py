"""The version object of crates.io's web API, and the dependencies of a version."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from pulp_cargo.protocol.web_api.crates import timestamp


@dataclass(frozen=True, slots=True)
class VersionObject:
    """What crates.io tells about a version of a crate."""

    id: int
    crate: str
    num: str
    created_at: datetime
    index_line: str
    checksum: str
    crate_size: int | None
    yanked: bool
    license: str | None
    links: str | None
    rust_version: str | None
    edition: str | None
    description: str | None
    homepage: str | None
    documentation: str | None
    repository: str | None
    downloads: int = 0


def version_object(version: VersionObject) -> Mapping[str, object]:
    """Return the JSON object of a version; what is not known here is null."""
    path = f"/api/v1/crates/{quote(version.crate)}/{quote(version.num)}"
    return {
        "id": version.id,
        "crate": version.crate,
        "num": version.num,
        "dl_path": f"{path}/download",
        "readme_path": f"{path}/readme",
        "created_at": timestamp(version.created_at),
        "updated_at": timestamp(version.created_at),
        "downloads": version.downloads,
        "features": features_of(version.index_line),
        "yanked": version.yanked,
        "yank_message": None,
        "lib_links": version.links,
        "license": version.license,
        "crate_size": version.crate_size,
        "checksum": version.checksum,
        "rust_version": version.rust_version,
        "edition": version.edition,
        "has_lib": None,
        "bin_names": None,
        "description": version.description,
        "homepage": version.homepage,
        "documentation": version.documentation,
        "repository": version.repository,
        "published_by": None,
        "audit_actions": [],
        "trustpub_data": None,
        "linecounts": None,
        "links": {
            "dependencies": f"{path}/dependencies",
            "version_downloads": f"{path}/downloads",
            "authors": f"{path}/authors",
        },
    }


def features_of(index_line: str) -> Mapping[str, Sequence[str]]:
    """Return the features of an index line, those of both its tables.

    >>> features_of('{"features":{"a":["b"]},"features2":{"c":["dep:d"]}}')
    {'a': ['b'], 'c': ['dep:d']}
    """
    line = _parsed(index_line)
    return {**line.get("features", {}), **(line.get("features2") or {})}


def dependency_objects(
    index_line: str, version_id: int, keep: Callable[[str, str | None], bool] | None = None
) -> list[Mapping[str, object]]:
    """Return the dependencies in an index line, by name and kind; all, or those to `keep`.

    Crates are named as they are published, not as the manifest renames them. `keep` gets the name of
    the crate and its registry.
    """
    deps = _parsed(index_line).get("deps", [])
    named: Iterable[tuple[str, Mapping[str, Any]]] = (
        (dep.get("package") or dep["name"], dep) for dep in deps
    )
    ordered = sorted(named, key=lambda pair: (pair[0], pair[1].get("kind") or "normal"))
    return [
        {
            "id": version_id + number,
            "version_id": version_id,
            "crate_id": name,
            "req": dep["req"],
            "optional": dep["optional"],
            "default_features": dep["default_features"],
            "features": list(dep["features"]),
            "target": dep.get("target"),
            "kind": dep.get("kind") or "normal",
            "downloads": 0,
        }
        for number, (name, dep) in enumerate(ordered, start=1)
        if keep is None or keep(name, dep.get("registry"))
    ]


def _parsed(index_line: str) -> dict[str, Any]:
    # The line is our own (models/crate), so it has the shape that it should.
    return msgspec.json.decode(index_line, type=dict[str, Any])
