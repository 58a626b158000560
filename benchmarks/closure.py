"""Real crates: what cargo fetches from crates.io for a few projects, and their index files."""

import os
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cargo import MEMORY, instead_of_crates_io, real_cargo
from benchmarks.measure import LeftOut

MANIFEST = """\
[package]
name = "bench-closure"
version = "0.1.0"
edition = "2021"
[dependencies]
{dependencies}
"""
# The header of a file in cargo's index cache, before its texts, each of which ends in NUL.
CACHE_HEAD = 5


@dataclass(frozen=True, slots=True)
class Closure:
    """A locked project; index files by their path, .crate files by name and `vers`."""

    manifest: str
    lock: str
    index: Mapping[str, bytes]
    files: Mapping[tuple[str, str], Path]

    def fetch_from(self, index_url: str) -> float:
        """Return the seconds in which cargo fetches all files from another registry."""
        with TemporaryDirectory(prefix="bench-", dir=MEMORY) as root:
            project = instead_of_crates_io(Path(root), self.manifest, self.lock, index_url)
            return project.run("fetch", "--locked")


def fetch(folder: Path, dependencies: str) -> Closure:
    """Let cargo fetch the dependencies into a home of its own; raises LeftOut if it cannot."""
    home, project = folder / "home", folder / "project"
    (project / "src").mkdir(parents=True)
    (project / "src" / "lib.rs").touch()
    manifest = MANIFEST.format(dependencies=dependencies)
    (project / "Cargo.toml").write_text(manifest)
    done = subprocess.run(
        [real_cargo(), "fetch"],
        cwd=project,
        # Everything else that cargo needs to connect to crates.io is in the environment.
        env={**os.environ, "CARGO_HOME": str(home)},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode != 0:
        reason = done.stderr.strip().rpartition("\n")[2].strip()
        raise LeftOut(f"cargo gets no crates from crates.io: {reason}")
    lock = (project / "Cargo.lock").read_text()
    return Closure(manifest, lock, _index_files(home), _crate_files(home, lock))


def _index_files(home: Path) -> dict[str, bytes]:
    folders = [path for path in (home / "registry" / "index").glob("*/.cache") if path.is_dir()]
    return {
        str(path.relative_to(folder)): _lines(path.read_bytes())
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
    }


def _lines(cached: bytes) -> bytes:
    """Return an index file from cargo's cache, where each line follows its version."""
    _validator, *texts = cached[CACHE_HEAD:].split(b"\0")
    return b"".join(line + b"\n" for line in texts[1::2])


def _crate_files(home: Path, lock: str) -> dict[tuple[str, str], Path]:
    there = {path.name: path for path in (home / "registry" / "cache").rglob("*.crate")}
    return {
        (package["name"], package["version"]): there[
            f"{package['name']}-{package['version']}.crate"
        ]
        for package in tomllib.loads(lock)["package"]
        if "checksum" in package
    }
