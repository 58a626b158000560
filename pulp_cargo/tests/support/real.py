"""Real crates, from the home of a cargo that has fetched them from crates.io."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulp_cargo.tests.support.crate import CRATES_IO, frame


@dataclass(frozen=True, slots=True)
class Real:
    """A crate of crates.io: its index line and its file."""

    line: Mapping[str, Any]
    file: bytes

    def body(self) -> bytes:
        """Return the body with which cargo would publish it to another registry."""
        known = {**self.line["features"], **(self.line.get("features2") or {})}
        metadata = {
            "name": self.line["name"],
            "vers": self.line["vers"],
            "deps": [_published(dep) for dep in self.line["deps"]],
            "features": known,
            "links": self.line.get("links"),
            "rust_version": self.line.get("rust_version"),
        }
        return frame(json.dumps(metadata).encode(), self.file)


def _published(dep: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": dep.get("package") or dep["name"],
        "explicit_name_in_toml": dep["name"] if dep.get("package") else None,
        "version_req": dep["req"],
        "registry": CRATES_IO,
        **{key: dep.get(key) for key in ("features", "optional", "default_features", "target")},
        "kind": dep.get("kind") or "normal",
    }


def real_crates(home: Path) -> list[Real]:
    """Return every crate that cargo has downloaded."""
    lines = {f"{line['name']}-{line['vers']}.crate": line for line in _cached_lines(home)}
    files = sorted((home / "registry" / "cache").rglob("*.crate"))
    return [Real(lines[file.name], file.read_bytes()) for file in files]


def _cached_lines(home: Path) -> Iterator[dict[str, Any]]:
    """Iterate over the index lines in cargo's cache: five bytes, then texts that end in NUL."""
    for path in (home / "registry" / "index").rglob(".cache/**/*"):
        if path.is_file():
            for text in path.read_bytes()[5:].split(b"\0"):
                if text.startswith(b"{"):
                    yield json.loads(text)
