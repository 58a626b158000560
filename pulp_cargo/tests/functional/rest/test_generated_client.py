"""What a client that was generated of the OpenAPI schema changes: nothing that was not named."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import Stack

GENERATOR = Path(sys.executable).with_name("openapi-python-client")
POLICY = {
    "cooldown_days": 7,
    "allow": [{"crate": "serde", "versions": ">=1", "reason": ""}],
    "block": [{"crate": "evil", "versions": "*", "reason": "It is."}],
    "exceptions": [{"crate": "a", "versions": "*", "reason": "b", "ends": "2099-01-01T00:00:00Z"}],
    "licenses": ["MIT"],
    "hide_yanked": True,
    "dry_run": True,
}
REMOTE = {
    "url": "sparse+https://r.example/i/",
    "policy": "streamed",
    "index_max_age": 1,
    "stale_for": 2,
    "forbidden_means_missing": True,
    "search_upstream": True,
    "tls_validation": False,
    "download_concurrency": 3,
    "max_retries": 4,
    "rate_limit": 5,
}
REPOSITORY = {
    "retain_repo_versions": 7,
    "crates_io_rules": True,
    "crate_owners": True,
    "index_aliases": ["sparse+https://old.example/"],
    "description": "Ours.",
}
DISTRIBUTION = {"allow_uploads": True, "auth_required": True, "hidden": True}
EXPORTER = {"format": "static", "dl": "https://static.example.org/crates"}
# Resources by their lists: the model of a change, what is set before, and what the change names.
RESOURCES: dict[str, tuple[str, dict[str, Any], str]] = {
    "cargo/crate-policies/": ("PatchedcargoCargoCratePolicy", POLICY, "name"),
    "remotes/cargo/cargo/": ("PatchedcargoCargoRemote", REMOTE, "pulp_labels"),
    "repositories/cargo/cargo/": ("PatchedcargoCargoRepository", REPOSITORY, "pulp_labels"),
    "exporters/cargo/cargo/": ("PatchedcargoCargoExporter", EXPORTER, "name"),
    "distributions/cargo/cargo/": ("PatchedcargoCargoDistribution", DISTRIBUTION, "pulp_labels"),
}


@pytest.fixture(scope="module")
def document(rest: Rest) -> dict[str, Any]:
    """The OpenAPI document of the plugin."""
    return rest.get("docs/api.json", component="cargo")


@pytest.fixture(scope="module")
def models(
    document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ModuleType]:
    """The models of a generated client."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "api.json").write_text(json.dumps(document))
    command = [GENERATOR, "generate", "--path", "api.json", "--output-path", "generated_client"]
    subprocess.run([*command, "--meta", "none"], cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("generated_client.models")
    sys.path.remove(str(folder))


def test_every_resource_that_can_be_changed_is_tried(document: dict[str, Any]) -> None:
    """A new one has to be added here."""
    found = {path for path, operations in document["paths"].items() if "patch" in operations}
    assert len(found) == len(RESOURCES)


def test_no_change_has_a_default(document: dict[str, Any]) -> None:
    """Generated clients send it whether it was named or not."""
    defaults = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        if name.startswith("Patched")
        for field, described in schema["properties"].items()
        if "default" in described
    ]
    assert defaults == []


@pytest.mark.parametrize("path", RESOURCES)
def test_change_of_one_field_leaves_the_others(
    stack: Stack, repository: dict[str, Any], models: ModuleType, path: str
) -> None:
    """A private registry stays private when somebody gives it a label."""
    rest, (model, fields, named) = stack.rest, RESOURCES[path]
    name = unique("before")
    if path.startswith("distributions"):
        fields = fields | {"base_path": name, "repository": repository["pulp_href"]}
    if path.startswith("exporters"):
        folder = str(stack.data_dir / "exports" / name)
        fields = fields | {"path": folder, "distribution": stack.make_registry().href}
    before = rest.make(path, name=name, **fields)
    assert before == before | fields
    value = unique("after") if named == "name" else {"team": "a"}
    typed = value if named == "name" else getattr(models, f"{model}PulpLabels").from_dict(value)
    change = getattr(models, model)(**{named: typed}).to_dict()
    rest.patch(before["pulp_href"], **change)
    after = rest.get(before["pulp_href"])
    same = before.keys() - {named, "pulp_last_updated"}
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after[named] == value
