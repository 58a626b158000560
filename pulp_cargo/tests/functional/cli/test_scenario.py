"""From nothing to a used registry, by `pulp cargo` and cargo alone."""

from pathlib import Path

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.support.cargo import Cargo, CargoFailed
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed

USES_REMOTE = "allow_uploads: A registry with a `remote` cannot have `allow_uploads`"


@pytest.mark.cargo
def test_a_registry_is_made_and_used(pulp: Pulp, name: str, tmp_path: Path) -> None:
    """The configuration that is printed and the token that is written are all that cargo needs."""
    home = tmp_path / "home"
    home.mkdir()
    pulp.cargo("repository", "create", "--name", name)
    pulp.cargo(
        *("distribution", "create", "--name", name, "--base-path", name, "--repository", name),
        "--allow-uploads",
    )
    config = pulp.run("cargo", "distribution", "config", name).stdout
    (home / "config.toml").write_text(config)
    credentials = str(home / "credentials.toml")
    made = pulp.cargo(
        *("token", "create", "--name", name, "--distribution", name, "--expires-in", "1"),
        *("--registry", name, "--credentials", credentials),
    )
    assert "token" not in made

    cargo = Cargo(home, {})
    package = cargo.package(tmp_path, "leaf")
    package.run("publish", "--registry", name, "--allow-dirty")
    assert _yanked(pulp, name) == []
    cargo.run("yank", "leaf", "--version", "1.0.0", "--registry", name)
    assert _yanked(pulp, name) == [("leaf", "1.0.0")]
    cargo.run("yank", "leaf", "--version", "1.0.0", "--registry", name, "--undo")
    assert _yanked(pulp, name) == []
    assert "version: 1.0.0" in cargo.run("info", "leaf", "--registry", name)

    pulp.run("cargo", "token", "revoke", name)
    with pytest.raises(CargoFailed, match=f"`{name}` does not accept this token"):
        cargo.run("yank", "leaf", "--version", "1.0.0", "--registry", name)


def _yanked(pulp: Pulp, name: str) -> list[tuple[str, str]]:
    marks = pulp.cargo("repository", "content", "--type", "yank", "list", "--repository", name)
    return [(mark["canonical_name"], mark["vers"]) for mark in marks]


def test_a_cache_of_an_upstream_registry_is_made(pulp: Pulp, name: str) -> None:
    """A registry with a remote keeps one version, stands in for its upstream, takes no uploads."""
    cache, remote = f"{name}-cache", f"{name}-remote"
    pulp.cargo(
        *("remote", "create", "--name", remote, "--url", CRATES_IO_SPARSE),
        *("--policy", "on_demand"),
    )
    made = pulp.cargo(
        *("repository", "create", "--name", cache),
        *("--remote", remote, "--retain-repo-versions", "1"),
    )
    assert made["retain_repo_versions"] == 1
    both = ("--name", cache, "--base-path", cache, "--repository", cache, "--remote", remote)
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo("distribution", "create", *both, "--allow-uploads")
    assert refused.value.said == f"Error: {USES_REMOTE}: use two distributions.\n"
    assert refused.value.status == 1
    made = pulp.cargo("distribution", "create", *both)
    assert made["allow_uploads"] is False
    assert made["remote"] == pulp.cargo("remote", "show", "--name", remote)["pulp_href"]
    config = pulp.run("cargo", "distribution", "config", "--name", cache).stdout
    assert f'[source.crates-io]\nreplace-with = "{cache}"\n' in config
