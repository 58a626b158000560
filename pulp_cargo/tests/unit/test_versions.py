"""Server, glue and command line are released together, under one version."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROJECTS = ("", "pulp-glue-cargo", "pulp-cli-cargo")
SOURCES = (
    "pulp_cargo/app/__init__.py",
    "pulp-glue-cargo/src/pulp_glue/cargo/__init__.py",
    "pulp-cli-cargo/src/pulpcore/cli/cargo/__init__.py",
)
VERSION = re.compile(r'^\s*(?:__version__|version) = "([^"]+)"$', re.MULTILINE)


def test_every_distribution_and_module_has_the_same_version():
    """Pulp, glue and `pulp --version` each read it from another place."""
    projects = [_project(folder)["version"] for folder in PROJECTS]
    modules = [VERSION.findall((ROOT / path).read_text()) for path in SOURCES]
    assert set(projects) == {version for found in modules for version in found}
    assert len(set(projects)) == 1 and all(len(found) == 1 for found in modules)


def test_distributions_pin_the_glue_of_their_own_version():
    """A server or a command line with another glue would ask for what is not there."""
    version = _project("")["version"]
    for folder in ("", "pulp-cli-cargo"):
        assert f"pulp-glue-cargo=={version}" in _project(folder)["dependencies"]


def test_client_distributions_depend_on_no_server_package():
    """A laptop that runs `pulp cargo` needs neither Django nor a driver for PostgreSQL."""
    for folder in PROJECTS[1:]:
        names = {re.split(r"[^\w-]", one)[0] for one in _project(folder)["dependencies"]}
        assert names <= {"pulp-glue", "pulp-glue-cargo", "pulp-cli"} | {"tomlkit", "tomli-w"}


def _project(folder: str) -> dict:
    return tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]
