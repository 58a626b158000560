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


def test_exporter_is_created_run_and_destroyed(
    stack: Stack, pulp: Pulp, name: str, tmp_path: Path
) -> None:
    """It writes on the server what `export` writes, and `update` changes where."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    folder = stack.data_dir / "exports" / name
    static = ("--format", "static", "--distribution", registry.name)
    with pytest.raises(PulpFailed, match="the format `static` requires a URL for downloads"):
        pulp.cargo("exporter", "create", "--name", name, "--path", str(folder), *static)
    with pytest.raises(PulpFailed, match="is not an allowed export path"):
        pulp.cargo("exporter", "create", "--name", name, "--path", "/srv", *static)
    dl = ("--dl", "https://crates.example.org/crates")
    made = pulp.cargo("exporter", "create", "--name", name, "--path", str(folder), *static, *dl)
    assert pulp.cargo("exporter", "show", "--href", made["prn"]) == made
    done = pulp.run("cargo", "exporter", "run", name)
    assert done.stderr.endswith(f"{folder} has 1 crate version; 1 was new.\n")
    assert (folder / "crates" / "leaf" / "leaf-1.0.0.crate").is_file()
    done = pulp.run("cargo", "exporter", "run", "--name", name)
    assert done.stderr.endswith(f"{folder} has 1 crate version; nothing was new.\n")
    git = folder.with_name(f"{name}.git")
    pulp.run(
        *("cargo", "exporter", "update", "--name", name, "--format", "git", "--path", str(git)),
        *("--dl", ""),
    )
    shown = pulp.cargo("exporter", "show", "--name", name)
    assert (shown["format"], shown["path"], shown["dl"]) == ("git", str(git), None)
    pulp.run("cargo", "exporter", "run", name)
    assert (git / "HEAD").is_file()
    listed = pulp.run("cargo", "exporter", "list", "--name", name, "--format", "table").stdout
    assert [line.split() for line in listed.splitlines()] == [
        ["NAME", "FORMAT", "PATH"],
        [name, "git", str(git)],
    ]
    pulp.run("cargo", "exporter", "destroy", "--name", name)
    with pytest.raises(PulpFailed, match="There is no cargo exporter with name"):
        pulp.cargo("exporter", "show", "--name", name)
