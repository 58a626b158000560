"""The REST reference names every path and field of the schema, and nothing else."""

import re
from typing import Any

import pytest

from pulp_cargo.tests.functional.docs.shell import DOCS
from pulp_cargo.tests.support.stack import Stack

REFERENCE = (DOCS / "user" / "reference" / "rest.md").read_text()
SECTIONS = {
    "Repositories": ["cargo.CargoRepository"],
    "Distributions": ["cargo.CargoDistribution"],
    "Lock files": [
        "cargo.LockFile",
        "cargo.LockFileCheck",
        "cargo.LockFileReport",
        "cargo.CheckedPackage",
        "cargo.NotCheckedPackage",
    ],
    "Downloads": ["cargo.CrateDownloads", "cargo.VersionDownloads", "cargo.DailyDownloads"],
    "Tokens": ["cargo.CargoToken", "cargo.NewCargoToken"],
    "Crates": ["cargo.CrateContent"],
    "Yanks": ["cargo.CrateYank"],
    "Remotes": ["cargo.CargoRemote"],
    "Exporters": ["cargo.CargoExporter"],
    "Crate policies": ["cargo.CargoCratePolicy"],
}
COMMON = {
    "pulp_href",
    "prn",
    "pulp_created",
    "pulp_last_updated",
    "pulp_labels",
    "vuln_report",
}


@pytest.fixture(scope="module")
def schema(stack: Stack) -> dict[str, Any]:
    """What Pulp says of itself."""
    return stack.rest.get("docs/api.json")


def test_reference_has_every_collection(schema: dict[str, Any]) -> None:
    """A path is one that makes or lists something of the plugin's."""
    paths = {
        path.removeprefix("/pulp/api/v3/")
        for path in schema["paths"]
        if path.startswith("/pulp/api/v3/") and "cargo" in path
    }
    documented = set(re.findall(r"^\| \[[^|]*\| `([^`{]+)` \|", REFERENCE, re.MULTILINE))
    assert documented == paths


@pytest.mark.parametrize(("title", "components"), SECTIONS.items(), ids=SECTIONS)
def test_reference_has_every_field(
    schema: dict[str, Any], title: str, components: list[str]
) -> None:
    """The fields of requests and answers are those of the section's tables and lists."""
    found = schema["components"]["schemas"]
    forms = [found.get(f"{name}{end}", {}) for name in components for end in ("", "Response")]
    fields = {field for form in forms for field in form.get("properties", {})}
    assert fields - COMMON == _documented(title)


def _documented(title: str) -> set[str]:
    section = REFERENCE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    lists = re.findall(r"^The others are.*$", section, re.MULTILINE)
    return {name for text in [*rows, *lists] for name in re.findall(r"`(\w+)`", text)}
