"""Runs the real cargo with its own home, so that it has only the configuration of the test."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulp_cargo.tests.support.registry import Registry

PATIENCE = 300
PROVIDER = '[registry]\nglobal-credential-providers = ["cargo:token"]\n'


class CargoFailed(Exception):
    """The output of a failed cargo."""


@dataclass(frozen=True, slots=True)
class Cargo:
    """The real cargo, configured for some registries."""

    home: Path
    registries: Mapping[str, Registry]
    provider: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)

    def configure(self, more: str = "", *, tokens: bool = True) -> "Cargo":
        """Write config.toml and credentials.toml."""
        self.home.mkdir(parents=True, exist_ok=True)
        indexes = (
            f'[registries.{n}]\nindex = "{r.index_url}"\n' for n, r in self.registries.items()
        )
        config = "\n".join([*indexes, PROVIDER if self.provider else "", more])
        (self.home / "config.toml").write_text(config)
        known = (f'[registries.{n}]\ntoken = "{r.token}"\n' for n, r in self.registries.items())
        (self.home / "credentials.toml").write_text("\n".join(known) if tokens else "")
        return self

    def run(self, *arguments: str, cwd: Path | None = None, **options: Any) -> str:
        """Run cargo and return its output; raises CargoFailed."""
        done = subprocess.run(
            ["cargo", *arguments],
            cwd=cwd or self.home,
            env=self._environ(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            **options,
        )
        if done.returncode:
            raise CargoFailed(done.stdout)
        return done.stdout

    def typed(self, text: str, *arguments: str) -> str:
        """Run cargo on a terminal and type a text: it prompts only there."""
        keyboard, terminal = os.openpty()
        try:
            os.write(keyboard, text.encode())
            return self.run(*arguments, stdin=terminal)
        finally:
            os.close(keyboard)
            os.close(terminal)

    def project(self, folder: Path, manifest: str, **files: str) -> "Project":
        """Create a package, a library unless `main` or `lib` is given."""
        (folder / "src").mkdir(parents=True)
        (folder / "Cargo.toml").write_text(manifest)
        for stem, text in (files or {"lib": ""}).items():
            (folder / "src" / f"{stem}.rs").write_text(text)
        return Project(self, folder)

    def package(self, folder: Path, name: str, vers: str = "1.0.0", **kind: Any) -> "Project":
        """Create a package with its own manifest; `deps` are lines of its dependencies."""
        deps = "\n".join(kind.pop("deps", ()))
        manifest = (
            f'[package]\nname = "{name}"\nversion = "{vers}"\nedition = "2021"\n'
            f'description = "d"\nlicense = "MIT"\n[dependencies]\n{deps}\n'
        )
        return self.project(folder / name, manifest, **kind)

    def forget_downloads(self) -> None:
        """Delete cargo's caches of index and files."""
        shutil.rmtree(self.home / "registry", ignore_errors=True)

    def _environ(self) -> dict[str, str]:
        inherited = (
            "PATH",
            "HOME",
            "RUSTUP_HOME",
            "RUSTUP_TOOLCHAIN",
            "SSL_CERT_FILE",
            "CARGO_HTTP_CAINFO",
        )
        own = {
            "CARGO_HOME": str(self.home),
            "CARGO_TERM_COLOR": "never",
            # No incremental builds and no debug information.
            "CARGO_INCREMENTAL": "0",
            "CARGO_PROFILE_DEV_DEBUG": "0",
            "NO_PROXY": "127.0.0.1,localhost",
        }
        return (
            {key: os.environ[key] for key in inherited if key in os.environ}
            | own
            | {**self.environ}
        )


@dataclass(frozen=True, slots=True)
class Project:
    """A package or workspace in a folder."""

    cargo: Cargo
    folder: Path

    def run(self, *arguments: str, **options: Any) -> str:
        """Run cargo in the folder."""
        return self.cargo.run(*arguments, cwd=self.folder, **options)

    def publish(self, *arguments: str) -> str:
        """Publish it, including uncommitted changes."""
        return self.run("publish", "--registry=mine", "--allow-dirty", *arguments)

    def locked(self) -> dict[str, tuple[str, str]]:
        """Return source and checksum in the lock file, by name and version."""
        text = (self.folder / "Cargo.lock").read_text()
        found = {}
        for block in text.split("[[package]]")[1:]:
            values = dict(re.findall(r'^(\w+) = "(.*)"$', block, re.MULTILINE))
            key = f"{values['name']} {values['version']}"
            found[key] = (values.get("source", ""), values.get("checksum", ""))
        return found
