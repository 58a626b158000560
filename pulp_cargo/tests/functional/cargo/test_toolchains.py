"""The main job with every cargo that is installed here, since each speaks a little differently.

From 1.96 on, a publish has a content type and unpacking is stricter; from 1.97 on, calls of the
web API follow redirects.
"""

import subprocess
from pathlib import Path

import pytest

from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.registry import Registry

pytestmark = pytest.mark.cargo


def toolchains() -> list[str]:
    """Return what rustup has, or just the cargo that is there."""
    try:
        said = subprocess.run(["rustup", "toolchain", "list"], capture_output=True, text=True)
    except FileNotFoundError:
        return [""]
    return [line.split()[0] for line in said.stdout.splitlines() if line] or [""]


@pytest.mark.parametrize("toolchain", toolchains())
def test_publish_use_and_yank(registry: Registry, name: str, tmp_path: Path, toolchain: str):
    """Publish two crates that depend on each other, use, yank and install them [99, 100]."""
    environ = {"RUSTUP_TOOLCHAIN": toolchain} if toolchain else {}
    cargo = Cargo(tmp_path / "home", {"mine": registry}, environ=environ).configure()
    cargo.package(tmp_path, name).publish()
    deps = [f'{name} = {{ version = "1", registry = "mine" }}', 'cfg-if = "1"']
    cargo.package(tmp_path, f"{name}-tool", deps=deps, main="fn main() {}").publish()
    cargo.run("yank", name, "--version=1.0.0", "--registry=mine")
    cargo.run("yank", name, "--version=1.0.0", "--registry=mine", "--undo")
    cargo.run("info", f"{name}-tool", "--registry=mine")
    root = tmp_path / "root"
    cargo.run("install", f"{name}-tool", "--registry=mine", f"--root={root}", "--debug")
    assert (root / "bin" / f"{name}-tool").exists()
