"""What the commands do that is ours, and how they print."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack


@pytest.fixture
def own(stack: Stack) -> Registry:
    """A registry with its own repository of the same name, with one crate in two versions."""
    registry = stack.make_registry()
    for vers in ("1.0.0", "1.1.0"):
        registry.publish(Crate("leaf", vers))
    return registry


def _held(pulp: Pulp, name: str) -> set[tuple[str, str]]:
    found = pulp.cargo("repository", "content", "list", "--repository", name)
    return {(unit["name"], unit["vers"]) for unit in found}


def test_a_rollback_makes_a_version_like_an_older_one(pulp: Pulp, own: Registry) -> None:
    """It is the newest then; a second one changes nothing and says so."""
    made = pulp.cargo("repository", "rollback", own.name, "--to", "1")
    assert made["number"] == 3
    assert _held(pulp, own.name) == {("leaf", "1.0.0")}
    assert [entry["vers"] for entry in own.index("leaf")] == ["1.0.0"]
    again = pulp.run("cargo", "repository", "rollback", "--name", own.name, "--to", "1")
    assert (
        "The newest version already has the content of version 1: nothing changed.\n"
        in again.stderr
    )
    assert json.loads(again.stdout)["number"] == 3


def test_content_is_added_and_removed_by_name(pulp: Pulp, own: Registry) -> None:
    """Several in one version by `modify`; the name in any spelling."""
    both = '[{"name": "LEAF", "vers": "1.0.0"}, {"name": "leaf", "vers": "1.1.0"}]'
    pulp.run(
        *("cargo", "repository", "content", "modify", "--repository", own.name),
        *("--remove-content", _with_cksums(own, both)),
    )
    assert _held(pulp, own.name) == set()
    cksum = Crate("leaf", "1.1.0").cksum(own.index_url)
    pulp.run(
        *("cargo", "repository", "content", "add", "--repository", own.name),
        *("--name", "Leaf", "--vers", "1.1.0", "--cksum", cksum),
    )
    assert _held(pulp, own.name) == {("leaf", "1.1.0")}


def test_a_version_is_yanked_and_unyanked_in_one_step(pulp: Pulp, own: Registry) -> None:
    """Each prints the new version; where nothing has to change, it says so."""
    wanted = (own.name, "--crate", "LEAF", "--vers", "1.0.0")
    assert pulp.cargo("repository", "yank", *wanted)["number"] == 3
    assert [entry["yanked"] for entry in own.index("leaf")] == [True, False]
    again = pulp.run("cargo", "repository", "yank", *wanted)
    assert "`LEAF 1.0.0` is already yanked: nothing changed.\n" in again.stderr
    assert pulp.cargo("repository", "unyank", *wanted)["number"] == 4
    assert [entry["yanked"] for entry in own.index("leaf")] == [False, False]
    again = pulp.run("cargo", "repository", "unyank", *wanted)
    assert "`LEAF 1.0.0` is not yanked: nothing changed.\n" in again.stderr
    with pytest.raises(PulpFailed) as refused:
        pulp.cargo("repository", "yank", own.name, "--crate", "leaf", "--vers", "1.0.0+b")
    assert refused.value.said == (
        "Error: this repository does not have `leaf 1.0.0+b` (it has `leaf 1.0.0`); nothing was"
        " changed.\n"
    )


def test_crates_are_removed_by_name_and_version(pulp: Pulp, own: Registry) -> None:
    """One by options, several by a list; all of them or none."""
    own.publish(Crate("leaf", "1.2.0"))
    one = pulp.cargo("repository", "remove", own.name, "--crate", "leaf", "--vers", "1.2.0")
    assert one["number"] == 4
    left = {("leaf", "1.0.0"), ("leaf", "1.1.0")}
    gone = '[{"name": "leaf", "vers": "1.0.0"}, {"name": "leaf", "vers": "1.2.0"}]'
    with pytest.raises(PulpFailed, match=r"does not have `leaf 1\.2\.0`; nothing"):
        pulp.cargo("repository", "remove", own.name, "--crates", gone)
    assert _held(pulp, own.name) == left
    both = json.dumps([{"name": "Leaf", "vers": vers} for _, vers in left])
    assert pulp.cargo("repository", "remove", own.name, "--crates", both)["number"] == 5
    assert _held(pulp, own.name) == set()


def _with_cksums(own: Registry, units: str) -> str:
    """Other tests have crates of this name and version in the same Pulp, with other contents."""
    crates = [
        unit | {"cksum": Crate("leaf", unit["vers"]).cksum(own.index_url)}
        for unit in json.loads(units)
    ]
    return json.dumps(crates)


def test_a_distribution_serves_one_version_or_the_newest(pulp: Pulp, own: Registry) -> None:
    """`--version` pins it, `--repository` lets it follow again."""
    pinned = f"{own.name}-pinned"
    pulp.run(
        *("cargo", "distribution", "create", "--name", pinned, "--base-path", pinned),
        *("--repository", own.name, "--version", "1"),
    )
    shown: dict[str, Any] = pulp.cargo("distribution", "show", "--name", pinned)
    assert shown["repository"] is None
    assert shown["repository_version"].endswith("/versions/1/")
    pulp.run("cargo", "distribution", "update", "--name", pinned, "--version", "2")
    shown = pulp.cargo("distribution", "show", "--name", pinned)
    assert shown["repository_version"].endswith("/versions/2/")
    pulp.run("cargo", "distribution", "update", "--name", pinned, "--repository", own.name)
    shown = pulp.cargo("distribution", "show", "--name", pinned)
    assert shown["repository"].endswith("/")
    assert shown["repository_version"] is None


def test_an_update_leaves_the_aliases_alone_unless_told(pulp: Pulp, own: Registry) -> None:
    """None given: as before; one that is empty: none from then on."""
    update = ("cargo", "repository", "update", "--name", own.name)

    def aliases() -> list[str]:
        return pulp.cargo("repository", "show", "--name", own.name)["index_aliases"]

    pulp.run(*update, "--index-alias", "sparse+https://old.example/")
    pulp.run(*update, "--description", "mine")
    assert aliases() == ["sparse+https://old.example/"]
    pulp.run(*update, "--index-alias", "")
    assert aliases() == []


def test_results_are_printed_as_json_yaml_or_a_table(pulp: Pulp, own: Registry) -> None:
    """As all commands of Pulp do, and lists also as tables; `none` prints nothing."""
    command = ("cargo", "repository", "list", "--name", own.name, "--field", "name")
    wanted = [{"name": own.name}]
    assert json.loads(pulp.run(*command).stdout) == wanted
    assert yaml.safe_load(pulp.run("--format", "yaml", *command).stdout) == wanted
    assert pulp.run("--format", "none", *command).stdout.strip() == ""
    assert pulp.run(*command, "--format", "table").stdout == f"NAME\n{own.name}\n"
    # The option of the command counts, whatever the one of `pulp` is.
    assert pulp.run("--format", "yaml", *command, "--format", "table").stdout.startswith("NAME\n")


def test_a_secret_is_printed_once_or_written(pulp: Pulp, name: str, tmp_path: Path) -> None:
    """Into cargo's own file, if none is named; what is shown later has no secret."""
    made = pulp.cargo("token", "create", "--name", name, "--scope", "read")
    assert made["token"].startswith("pulp_cargo_")
    assert made["scopes"] == ["read"]
    assert "token" not in pulp.cargo("token", "show", "--name", name)

    done = pulp.run("cargo", "token", "create", "--name", f"{name}-2", "--registry", name)
    file = pulp.home / ".cargo" / "credentials.toml"
    assert f"The token for `{name}` is in {file}.\n" in done.stderr
    secret = file.read_text().partition(f'[registries.{name}]\ntoken = "')[2].partition('"')[0]
    assert secret.startswith("pulp_cargo_")
    assert secret not in done.stdout + done.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
