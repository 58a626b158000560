"""All three packages have one version, and depend on each other in it."""

import re
import tomllib

import pytest

from pulp_cargo.tests.unit.test_docs import ROOT

PROJECTS = (ROOT, ROOT / "pulp-glue-cargo", ROOT / "pulp-cli-cargo")
MODULES = (
    "pulp_cargo/app/__init__.py",
    "pulp-glue-cargo/src/pulp_glue/cargo/__init__.py",
    "pulp-cli-cargo/src/pulpcore/cli/cargo/__init__.py",
)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("folder", PROJECTS, ids=lambda folder: folder.name)
def test_packages_have_one_version(folder) -> None:
    """And need the client library of the same one."""
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["version"] == PROJECT["version"]
    of_glue = [one for one in project["dependencies"] if one.startswith("pulp-glue-cargo")]
    needed = [] if folder.name == "pulp-glue-cargo" else [f"pulp-glue-cargo=={PROJECT['version']}"]
    assert of_glue == needed


@pytest.mark.parametrize("module", MODULES)
def test_modules_say_the_version_of_their_package(module: str) -> None:
    """Pulp and the command line show it."""
    found = re.findall(r'^(?:    |__)version(?:__)? = "(.+)"$', (ROOT / module).read_text(), re.M)
    assert found == [PROJECT["version"]]
