"""`pulp cargo export`: what it reads, and what it says."""

from pathlib import Path

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.stack import Stack


def test_registry_is_exported(stack: Stack, pulp: Pulp, tmp_path: Path) -> None:
    """By name, by URL, with a token, of a state of the past; and again with nothing new."""
    registry = stack.make_registry(auth_required=True)
    registry.publish(Crate("leaf"))
    registry.publish(Crate("leaf", "1.1.0"))
    folder, token = tmp_path / "copy", tmp_path / "token"
    token.write_text(f"{registry.token}\n")
    command = ("cargo", "export", "local-registry", str(folder))
    with pytest.raises(PulpFailed, match="needs a token that may read the registry"):
        pulp.run(*command, "--distribution", registry.name)
    allowed = ("--token-file", str(token))
    done = pulp.run(*command, "--distribution", registry.name, *allowed)
    assert done.stderr == f"{folder} has 2 crate versions; 2 were new.\n"
    done = pulp.run(*command, "--url", registry.index_url, *allowed)
    assert done.stderr == f"{folder} has 2 crate versions; nothing was new.\n"
    pulp.run(*command, "--url", registry.index_url, *allowed, "--at", "1")
    assert {path.name for path in folder.glob("*.crate")} == {"leaf-1.0.0.crate"}
    with pytest.raises(PulpFailed, match="there is no version 9 of this repository"):
        pulp.run(*command, "--url", registry.index_url, *allowed, "--at", "9")
