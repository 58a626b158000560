"""What a person has after `pulp-cargo serve`: a screen of text, and programs that are set up."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.functional.serve.launcher import Restartable

pytestmark = pytest.mark.serve

# Where this Python finds the plugin, if it is not installed.
PYTHON = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}


def test_person_can_use_pulp_and_cargo_at_once(serving: Restartable, scratch: Path):
    """The profile and cargo's files are there, and the text is as long as a screen.

    What was in a file of cargo's is still there, and in a copy.
    """
    before = serving.last().ready
    serving.stop()
    home = scratch / "home"
    config = home / ".cargo" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[net]\nretry = 5\n")
    with launcher.running_for_people(serving.data_dir, home, "--write-cargo-config") as text:
        assert len(text.splitlines()) < 24
        assert "Cargo is set up to use them, in ~/.cargo/config.toml.\n" in text
        pulp = Path(sys.executable).with_name("pulp")
        listing = subprocess.run(
            [pulp, "cargo", "repository", "list"],
            env={"HOME": str(home), "PATH": os.environ["PATH"], **PYTHON},
            capture_output=True,
            text=True,
        )
        assert {one["name"] for one in json.loads(listing.stdout)} == {"my-crates", "crates-io"}
    assert config.with_name("config.toml.bak1").read_text() == "[net]\nretry = 5\n"
    written = tomllib.loads(config.read_text())
    assert written["net"] == {"retry": 5}
    assert written["registries"]["my-crates"]["index"] == before["index_url"]
    credentials = tomllib.loads((home / ".cargo" / "credentials.toml").read_text())
    assert credentials["registries"]["my-crates"] == {"token": before["token"]}
