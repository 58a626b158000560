"""What is in the wheels beside modules: every file that the code reads."""

import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest

from pulp_cargo.tests.unit.test_docs import ROOT

# Modules, what has no place in a wheel, and what other programs leave in folders.
NO_DATA = ("*.py", "*.pyc", "tests/*", "*.egg-info/*")
PACKAGES = ("pulp_cargo", "pulp-cli-cargo/src", "pulp-glue-cargo/src")


@pytest.mark.parametrize("folder", PACKAGES)
def test_wheel_has_every_file(folder: str) -> None:
    """An editable installation has all files of the clone, a wheel only those that are listed."""
    packages = ROOT / folder
    project = packages.parent / "pyproject.toml"
    listed = tomllib.loads(project.read_text())["tool"]["setuptools"]["package-data"]
    of_package = listed.get(packages.name, [])
    paths = [path.relative_to(packages) for path in packages.rglob("*") if path.is_file()]
    assert [
        path
        for path in paths
        if not any(fnmatch(path.as_posix(), pattern) for pattern in NO_DATA)
        and not any(Path(path.name).match(pattern) for pattern in listed.get("*", []))
        and not any(path.match(pattern) for pattern in of_package)
    ] == []
