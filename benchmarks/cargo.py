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
PATH = re.compile(r"> GET (\S+) HTTP/")
STATUS = re.compile(r"< HTTP/[0-9.]+ ([0-9]{3})")


class Project:
    """A project that depends on the root of the tree."""

    def __init__(self, root: Path, index_url: str, certificate: Path | None = None) -> None:
        self._folder = root / "project"
        (self._folder / "src").mkdir(parents=True)
        (self._folder / "src" / "lib.rs").touch()
        (self._folder / "Cargo.toml").write_text(MANIFEST.format(root=sets.tree_name(0)))
        self._environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(root),
            "CARGO_HOME": str(root / "cargo-home"),
            "CARGO_REGISTRIES_BENCH_INDEX": index_url,
            "CARGO_TERM_COLOR": "never",
            **({"CARGO_HTTP_CAINFO": str(certificate)} if certificate else {}),
        }

    def run(self, *arguments: str, **environ: str) -> float:
        """Run cargo and return the seconds that it took."""
        start = time.perf_counter()
        self._run(arguments, environ)
        return time.perf_counter() - start

    def exchanges(self, *arguments: str) -> tuple[list[str], list[int]]:
        """Run cargo and return the paths that it asked for and the statuses that it got."""
        told = self._run(arguments, {"CARGO_HTTP_DEBUG": "true", "CARGO_LOG": "network=trace"})
        return PATH.findall(told), [int(status) for status in STATUS.findall(told)]

    def _run(self, arguments: tuple[str, ...], environ: dict[str, str]) -> str:
        done = subprocess.run(
            [real_cargo(), *arguments],
            cwd=self._folder,
            env={**self._environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"cargo {' '.join(arguments)}: {done.stdout[-2000:]}")
        return done.stdout


@cache
def real_cargo() -> str:
    """Return cargo itself rather than rustup's stand-in, which costs both sides the same time."""
    if which("rustup"):
        found = subprocess.run(["rustup", "which", "cargo"], stdout=subprocess.PIPE, text=True)
        if found.returncode == 0:
            return found.stdout.strip()
    return "cargo"
