"""The real cargo, in a project of its own with a fresh CARGO_HOME."""

import os
import re
import subprocess
import time
from functools import cache
from pathlib import Path
from shutil import which

from benchmarks import sets

MANIFEST = """\
[package]
name = "bench-project"
version = "0.1.0"
edition = "2021"
[dependencies]
{root} = {{ version = "1", registry = "bench" }}
"""
INSTEAD = """\
[source.crates-io]
replace-with = "bench"
[source.bench]
registry = "{url}"
"""
# Hundreds of crates unpack to tens of thousands of files, so the disk would determine the time.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
PATH = re.compile(r"> GET (\S+) HTTP/")
STATUS = re.compile(r"< HTTP/[0-9.]+ ([0-9]{3})")


class Project:
    """A project, and cargo's environment for it."""

    def __init__(self, root: Path, manifest: str, **environ: str) -> None:
        self.folder = root / "project"
        self.home = root / "cargo-home"
        self.home.mkdir(parents=True)
        (self.folder / "src").mkdir(parents=True)
        (self.folder / "src" / "lib.rs").touch()
        (self.folder / "Cargo.toml").write_text(manifest)
        self._environ = {
            # Cargo asks the compiler beside it for its version, not rustup's proxy.
            "PATH": f"{Path(real_cargo()).parent}:{os.environ['PATH']}",
            "HOME": str(root),
            "CARGO_HOME": str(self.home),
            "CARGO_TERM_COLOR": "never",
            **environ,
        }

    def run(self, *arguments: str, **environ: str) -> float:
        """Run cargo and return its duration in seconds."""
        start = time.perf_counter()
        self._run(arguments, environ)
        return time.perf_counter() - start

    def exchanges(self, *arguments: str) -> tuple[list[str], list[int]]:
        """Run cargo and return the requested paths and the received statuses."""
        output = self._run(arguments, {"CARGO_HTTP_DEBUG": "true", "CARGO_LOG": "network=trace"})
        return PATH.findall(output), [int(status) for status in STATUS.findall(output)]

    def _run(self, arguments: tuple[str, ...], environ: dict[str, str]) -> str:
        done = subprocess.run(
            [real_cargo(), *arguments],
            cwd=self.folder,
            env={**self._environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"cargo {' '.join(arguments)}: {done.stdout[-2000:]}")
        return done.stdout


def of_tree(root: Path, index_url: str, certificate: Path | None = None) -> Project:
    """Create a project that depends on the root of the tree."""
    trusted = {"CARGO_HTTP_CAINFO": str(certificate)} if certificate else {}
    manifest = MANIFEST.format(root=sets.tree_name(0))
    return Project(root, manifest, CARGO_REGISTRIES_BENCH_INDEX=index_url, **trusted)


def instead_of_crates_io(root: Path, manifest: str, lock: str, index_url: str) -> Project:
    """Create a locked project in which another registry replaces crates.io."""
    project = Project(root, manifest)
    (project.home / "config.toml").write_text(INSTEAD.format(url=index_url))
    (project.folder / "Cargo.lock").write_text(lock)
    return project


@cache
def real_cargo() -> str:
    """Return cargo itself instead of rustup's proxy, which adds the same time to both sides."""
    if which("rustup"):
        found = subprocess.run(["rustup", "which", "cargo"], stdout=subprocess.PIPE, text=True)
        if found.returncode == 0:
            return found.stdout.strip()
    return which("cargo") or "cargo"
