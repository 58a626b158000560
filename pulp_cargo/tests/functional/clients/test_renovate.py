"""Renovate, which reads index files, config.json and crates.io's web API with a bearer token."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.support import clients
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = [pytest.mark.long, pytest.mark.real]

PATIENCE = 600
FOUND = "packageFiles with updates"
SOURCE = "https://git.example/team/tea"

MANIFEST = """
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
{name} = {{ version = "0.1.0", registry = "mine" }}
{name}-tea = "1.0.0"
"""
CONFIG = """
[registries.mine]
index = "{mine}"
[registries.cache]
index = "{cache}"
[source.crates-io]
replace-with = "cache"
"""


def looked_up(folder: Path, registry: Registry) -> dict[str, dict[str, Any]]:
    """Run Renovate for the project in a folder; return what it found, by dependency."""
    rule = {"matchHost": registry.url, "token": registry.token, "allowInternal": True}
    config = {"hostRules": [rule], "onboarding": False, "requireConfig": "optional"}
    (folder.parent / "config.json").write_text(json.dumps(config))
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": "json",
        "RENOVATE_BASE_DIR": str(folder.parent / "base"),
        "RENOVATE_CONFIG_FILE": str(folder.parent / "config.json"),
        "RENOVATE_ENABLED_MANAGERS": '["cargo"]',
    }
    command = (*clients.renovate(), "--platform=local", "--dry-run=lookup")
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=PATIENCE
    )
    lines = [json.loads(one) for one in done.stdout.splitlines() if one.startswith("{")]
    found = [one for one in lines if one["msg"] == FOUND]
    assert found, done.stdout
    (file,) = found[0]["config"]["cargo"]
    return {one["depName"]: one for one in file["deps"]}


def test_updates_and_sources(stack: Stack, cache: Cache, tmp_path: Path, name: str) -> None:
    """Of a registry that requires a token, and of the cache, also for what it has not stored."""
    private = stack.make_registry(auth_required=True)
    for vers in ("0.1.0", "0.2.0", "0.3.0"):
        private.publish(Crate(name, vers, package={"repository": SOURCE}))
    private.yank(name, "0.3.0")
    folder = tmp_path / "app"
    (folder / ".cargo").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(MANIFEST.format(name=name))
    config = CONFIG.format(mine=private.index_url, cache=cache.registry.index_url)
    (folder / ".cargo" / "config.toml").write_text(config)
    for arguments in (["init", "--quiet"], ["add", "--all"]):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    found = looked_up(folder, private)
    assert [one["newVersion"] for one in found[name]["updates"]] == ["0.2.0"]
    assert found[name]["sourceUrl"] == SOURCE
    assert [one["newVersion"] for one in found[f"{name}-tea"]["updates"]] == ["2.0.0"]
    assert not any(one.get("warnings") for one in found.values())
