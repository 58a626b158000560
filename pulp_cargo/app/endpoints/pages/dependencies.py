"""The dependencies in an index line, with the page of each, wherever its crate is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

from pulp_cargo.app.queries.registry.registry import RegistryUrls
from pulp_cargo.protocol.errors import InvalidRegistryUrl
from pulp_cargo.protocol.registry_url import CRATES_IO, is_crates_io

CRATES_IO_PAGE = "https://crates.io/crates/"


@dataclass(frozen=True, slots=True)
class Need:
    """A dependency; `registry` is None for a crate of the same registry.

    `page` is where the crate is described, if that is another site and known.
    """

    name: str
    alias: str | None
    req: str
    kind: str
    is_optional: bool
    has_default_features: bool
    features: Sequence[str]
    target: str | None
    registry: str | None
    page: str | None


def needs_of(index_line: str, urls: RegistryUrls) -> list[Need]:
    """Return the dependencies of a version that a registry with these URLs serves, by name."""
    found = [_need(dep, urls) for dep in msgspec.json.decode(index_line, type=Line).deps]
    return sorted(found, key=lambda one: one.name)


class Line(msgspec.Struct):
    """The part of an index line that is needed."""

    deps: list[dict[str, Any]] = []


def _need(dep: dict[str, Any], urls: RegistryUrls) -> Need:
    name = dep.get("package") or dep["name"]
    registry, page = _place(dep.get("registry"), name, urls)
    return Need(
        name=name,
        alias=dep["name"] if dep.get("package") else None,
        req=dep["req"],
        kind=dep.get("kind") or "normal",
        is_optional=dep["optional"],
        has_default_features=dep["default_features"],
        features=dep["features"],
        target=dep.get("target"),
        registry=registry,
        page=page,
    )


def _place(url: str | None, name: str, urls: RegistryUrls) -> tuple[str | None, str | None]:
    if url is None or urls.is_null(url) or (url == CRATES_IO and CRATES_IO in urls.mirrored):
        return None, None
    try:
        known = is_crates_io(url)
    except InvalidRegistryUrl:
        known = False
    return ("crates.io", CRATES_IO_PAGE + quote(name)) if known else (url, None)
