"""Small crates as `cargo publish` sends them, made without cargo (Cargo Book, "Publish")."""

import gzip
import io
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass

FEATURES = {"default": ["std"], "std": [], "serde": [], "unstable": ["std"]}
REQUIREMENT = "^1.0.0"
README = "README.md"


@dataclass(frozen=True, slots=True)
class Crate:
    """A crate version to publish; its dependencies are from the same registry."""

    name: str
    vers: str
    deps: tuple[str, ...] = ()
    dev_deps: tuple[str, ...] = ()
    payload_bytes: int = 500
    readme: str | None = None

    def body(self, index_url: str) -> bytes:
        """Return the body of the publish."""
        metadata = json.dumps(self._metadata()).encode()
        archive = self.archive(index_url)
        return b"".join(
            (
                len(metadata).to_bytes(4, "little"),
                metadata,
                len(archive).to_bytes(4, "little"),
                archive,
            )
        )

    def _metadata(self) -> dict[str, object]:
        return {
            "name": self.name,
            "vers": self.vers,
            "deps": [_dep_json(dep, kind) for kind, dep in self.dependencies()],
            "features": FEATURES,
            "authors": [],
            "description": "A crate of the benchmark",
            "license": "MIT",
            "documentation": None,
            "homepage": None,
            "readme": self.readme,
            "readme_file": None if self.readme is None else README,
            "keywords": [],
            "categories": [],
            "license_file": None,
            "repository": None,
            "badges": {},
            "links": None,
        }

    def dependencies(self) -> Iterator[tuple[str, str]]:
        """Return the kind and the name of each dependency."""
        yield from (("normal", dep) for dep in self.deps)
        yield from (("dev", dep) for dep in self.dev_deps)

    def archive(self, index_url: str) -> bytes:
        """Return the .crate file, filled to its size with random bytes."""
        files = {
            "Cargo.toml": self._manifest(index_url).encode(),
            "src/lib.rs": b"",
            "data": os.urandom(self.payload_bytes),
        }
        if self.readme is not None:
            files[README] = self.readme.encode()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for path, data in files.items():
                entry = tarfile.TarInfo(f"{self.name}-{self.vers}/{path}")
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        return gzip.compress(packed.getvalue(), 1, mtime=0)

    def _manifest(self, index_url: str) -> str:
        tables = [
            f'[package]\nname = "{self.name}"\nversion = "{self.vers}"\nedition = "2021"',
            'description = "A crate of the benchmark"\nlicense = "MIT"',
            *([] if self.readme is None else [f'readme = "{README}"']),
            "[features]",
            *(f"{name} = {json.dumps(values)}" for name, values in FEATURES.items()),
        ]
        for kind, dep in self.dependencies():
            table = "dependencies" if kind == "normal" else "dev-dependencies"
            tables.append(
                f'[{table}.{dep}]\nversion = "{REQUIREMENT}"\nfeatures = ["std", "serde"]\n'
                f'registry-index = "{index_url}"'
            )
        return "\n".join(tables) + "\n"


def _dep_json(name: str, kind: str) -> dict[str, object]:
    return {
        "optional": False,
        "default_features": True,
        "name": name,
        "features": ["std", "serde"],
        "version_req": REQUIREMENT,
        "target": None,
        "kind": kind,
        "registry": None,
    }
