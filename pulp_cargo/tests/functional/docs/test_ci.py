"""The recipes of the CI guide can be read by those whom they are for, and fit together."""

import re
import tomllib
from typing import Any

import yaml

from pulp_cargo.tests.functional.docs.conftest import GUIDES
from pulp_cargo.tests.functional.docs.shell import FENCE

TEXT = (GUIDES / "ci.md").read_text()
TOKEN = "CARGO_REGISTRIES_TEAM_TOKEN"


def _blocks(kind: str) -> list[str]:
    return [text for found, text in FENCE.findall(TEXT) if found == kind]


def _recipe(heading: str) -> Any:
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (text,) = [text for kind, text in FENCE.findall(section) if kind == "yaml"]
    return yaml.safe_load(text)


def test_configuration_is_what_cargo_wants() -> None:
    """The registry, the provider, and where the package may be published to."""
    config, manifest = (tomllib.loads(text) for text in _blocks("toml"))
    index = "sparse+https://crates.example.org/pulp/cargo/team/"
    assert config == {
        "registries": {"team": {"index": index, "credential-provider": "cargo:token"}},
    }
    assert manifest["package"]["publish"] == ["team"]


def test_github_jobs_have_a_token_each() -> None:
    """Only the job that publishes has the token that may."""
    jobs = _recipe("GitHub Actions")["jobs"]
    assert jobs["test"]["env"] == {TOKEN: "${{ secrets.CARGO_TEAM_READ }}"}
    steps = jobs["publish"]["steps"]
    assert "env" not in jobs["publish"]
    assert steps[-1]["run"] == "cargo publish --locked"
    assert steps[-1]["env"] == {TOKEN: "${{ secrets.CARGO_TEAM_PUBLISH }}"}


def test_gitlab_jobs_have_a_token_each() -> None:
    """The names of the jobs are free, those of the keywords are GitLab's."""
    recipe = _recipe("GitLab CI")
    assert recipe["test"]["variables"] == {TOKEN: "$CARGO_TEAM_READ"}
    assert recipe["publish"]["variables"] == {TOKEN: "$CARGO_TEAM_PUBLISH"}
    assert recipe["publish"]["rules"] == [{"if": "$CI_COMMIT_TAG"}]


def test_dependabot_uses_the_registry_that_it_is_told_of() -> None:
    """A registry is described once, and named by each update that needs it."""
    recipe = _recipe("Dependabot")
    assert recipe["version"] == 2
    (update,) = recipe["updates"]
    assert update["package-ecosystem"] == "cargo"
    assert update["registries"] == list(recipe["registries"])
    assert recipe["registries"]["team"] == {
        "type": "cargo-registry",
        "registry": "team",
        "url": "https://crates.example.org/pulp/cargo/team/",
        "token": "${{ secrets.CARGO_TEAM_READ }}",
    }


def test_release_plz_publishes_in_one_job_only() -> None:
    """The other one only reads what the registry has."""
    jobs = _recipe("release-plz")["jobs"]
    used = {job["steps"][-1]["with"]["command"]: job["steps"][-1]["env"] for job in jobs.values()}
    tokens = {command: environ[TOKEN] for command, environ in used.items()}
    assert tokens == {
        "release": "${{ secrets.CARGO_TEAM_PUBLISH }}",
        "release-pr": "${{ secrets.CARGO_TEAM_READ }}",
    }


def test_renovate_uses_the_variable_that_cargo_reads() -> None:
    """Its configuration is JavaScript, in which only names can be looked up."""
    (text,) = _blocks("js")
    assert re.findall(r"^\s*(\w+): process\.env", text, re.MULTILINE) == ["token", TOKEN]
