"""The `pulp cargo` commands are all there, explain themselves, and need no server packages."""

import re
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import click
import pytest

from pulp_cargo.tests.support.pulp import Pulp, PulpFailed
from pulp_cargo.tests.unit.cli.commands import commands, options
from pulp_cargo.tests.unit.test_docs import DOCS

TREE: dict[str, set[str]] = {
    "registry": {"create"},
    "repository": {
        "create list show update destroy sync import rollback yank unyank remove promote snapshot",
        "check-closure",
        "label set unset show",
        "role list add remove my-permissions",
        "version list show destroy repair label unlabel labels diff",
        "content list add remove modify",
    },
    "remote": {
        "create list show update destroy",
        "replaced list accept",
        "label set unset show",
        "role list add remove my-permissions",
    },
    "distribution": {
        "create list show update destroy config explain collisions downloads",
        "label set unset show",
        "role list add remove my-permissions",
    },
    "crate-policy": {
        "create list show update destroy held",
        "label set unset show",
        "role list add remove my-permissions",
    },
    "content": {"list show upload"},
    "token": {"create list show revoke", "label set unset show"},
    "owner": {"list add remove"},
    "bundle": {"create verify import"},
    "verify": set(),
    "check": set(),
    "prefetch": set(),
    "search": set(),
    "export": {"static local-registry git directory"},
    "exporter": {"create list show update destroy run"},
    "explain": set(),
    "config": set(),
}
GROUPS = {"label", "role", "version", "content", "replaced"}
SERVER = {"django", "pulpcore", "psycopg", "aiohttp", "djangorestframework", "pulp-cargo"}


def _wanted() -> set[tuple[str, ...]]:
    wanted = {("cargo",)}
    for group, lines in TREE.items():
        wanted.add(("cargo", group))
        for line in lines:
            first, *rest = line.split()
            below = (first,) if first in GROUPS and group != first else ()
            wanted |= {("cargo", group, *below)}
            wanted |= {("cargo", group, *below, one) for one in (rest if below else [first, *rest])}
    return wanted


def test_the_commands_are_those_of_the_design() -> None:
    """Each is there, and no other."""
    assert set(commands()) == _wanted()


@pytest.mark.parametrize(
    "words",
    [one for one, found in commands().items() if isinstance(found, click.Group)],
    ids=" ".join,
)
def test_every_group_lists_its_commands(words: tuple[str, ...], tmp_path: Path) -> None:
    """All that are below it, whatever type is the default."""
    page = Pulp(tmp_path).run(*words, "--help").stdout
    listed = re.findall(r"^  ([a-z-]+)", page.partition("\nCommands:\n")[2], re.MULTILINE)
    below = {
        one[len(words)] for one in _wanted() if len(one) > len(words) and one[: len(words)] == words
    }
    assert set(listed) == below


def test_a_group_lists_the_commands_of_the_type_that_was_chosen(tmp_path: Path) -> None:
    """Yank marks are not uploaded."""
    page = Pulp(tmp_path).run("cargo", "content", "--type", "yank", "--help").stdout
    assert page.partition("\nCommands:\n")[2].split() == ["list", "show"]
    with pytest.raises(PulpFailed, match="'upload' is not available"):
        Pulp(tmp_path).run("cargo", "content", "--type", "yank", "upload", "x.crate")


@pytest.mark.parametrize(
    ("package", "own"),
    [("pulp-cli-cargo/src/pulpcore", "cli/cargo"), ("pulp-glue-cargo/src/pulp_glue", "cargo")],
)
def test_the_client_leaves_the_namespaces_to_others(package: str, own: str) -> None:
    """A wheel with an `__init__.py` there would overwrite that of pulpcore or pulp-glue."""
    folder = DOCS.parent / package
    files = {str(one.relative_to(folder)) for one in folder.rglob("__init__.py")}
    assert f"{own}/__init__.py" in files
    assert not {file for file in files if not file.startswith(f"{own}/")}


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_has_a_help_page(words: tuple[str, ...], tmp_path: Path) -> None:
    """It says what the command is for and has every option, without asking a server."""
    page = Pulp(tmp_path).run(*words, "--help").stdout
    assert page.startswith(f"Usage: pulp {' '.join(words)} ")
    assert re.search(r"\n\n  [A-Z]\w+ ", page), "no sentence says what it is for"
    shown = set(re.findall(r"--[a-z][a-z-]*", page))
    assert {one for one in options(commands()[words]) if one.startswith("--")} <= shown


def test_the_client_needs_no_server_packages() -> None:
    """Importing the commands loads neither Django nor the plugin."""
    code = (
        "import sys, pulpcore.cli.cargo as cli; print(cli.__version__);"
        " print({'django', 'pulp_cargo', 'psycopg', 'rest_framework'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == "set()"


def test_no_server_package_is_among_the_dependencies() -> None:
    """Neither directly, nor through what the two distributions depend on."""
    found, waiting = set(), ["pulp-cli-cargo"]
    while waiting:
        name = waiting.pop()
        found.add(name)
        lines = [line for line in requires(name) or [] if "extra ==" not in line]
        names = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in lines}
        waiting += [one for one in names - found if _is_installed(one)]
    assert {"pulp-cli", "pulp-glue-cargo", "pulp-glue"} <= found
    assert not found & SERVER


def _is_installed(name: str) -> bool:
    """Tell whether a dependency is one of this environment; some are for other Pythons."""
    try:
        requires(name)
    except ModuleNotFoundError:
        return False
    return True
