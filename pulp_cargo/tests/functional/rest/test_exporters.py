"""Exporters in the REST API: what may be exported where, by whom, and what a run reports."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, Rest, unique
from pulp_cargo.tests.support.stack import Stack

EXPORTERS = "exporters/cargo/cargo/"


@pytest.fixture
def published(stack: Stack) -> Registry:
    """A registry with one version of a crate."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    return registry


@pytest.fixture
def fields(stack: Stack, published: Registry) -> dict[str, Any]:
    """What makes an exporter to a folder that is allowed."""
    name = unique("exporter")
    path = str(stack.data_dir / "exports" / name)
    return {"name": name, "format": "git", "path": path, "distribution": published.href}


def test_run_writes_what_is_new(rest: Rest, published: Registry, fields: dict[str, Any]) -> None:
    """By a task, with a progress report, whose export names the version of the repository."""
    exporter = rest.make(EXPORTERS, **fields)
    assert {key: exporter[key] for key in fields} == fields
    done = rest.post(f"{exporter['pulp_href']}exports/")
    assert done["result"] == {"count": 1, "added": 2, "problems": []}
    assert [one["code"] for one in done["progress_reports"]] == ["cargo.export"]
    (export,) = rest.list(f"{exporter['pulp_href']}exports/")
    assert done["created_resources"] == [export["pulp_href"]]
    assert export["exported_resources"] == [f"{published.repository}versions/1/"]
    assert export["params"] == {"format": "git", "path": fields["path"], "count": 1}
    again = rest.post(f"{exporter['pulp_href']}exports/")
    assert again["result"] == {"count": 1, "added": 0, "problems": []}
    log = subprocess.run(
        ["git", "-c", "safe.directory=*", "--git-dir", fields["path"], "log", "--format=%s"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert log.stdout.splitlines() == ["Version 1", "Version 0"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"path": "/etc/registry"}, "is not an allowed export path"),
        ({"path": "{allowed}-other/registry"}, "is not an allowed export path"),
        ({"path": "{allowed}/../registry"}, "is not an allowed export path"),
        ({"format": "zip"}, "is not a valid choice"),
        ({"format": "static"}, "the format `static` requires a URL for downloads"),
        ({"format": "static", "dl": "crates"}, "'crates' is not a URL for downloads"),
        ({"format": "directory", "dl": "https://x.example/"}, "does not use a URL for downloads"),
    ],
)
def test_wrong_values_are_refused(
    stack: Stack, rest: Rest, fields: dict[str, Any], changes: dict[str, str], fault: str
) -> None:
    """With the value and the rule."""
    allowed = str(stack.data_dir / "exports")
    wanted = {key: value.replace("{allowed}", allowed) for key, value in changes.items()}
    with pytest.raises(Refused, match=fault) as refused:
        rest.post(EXPORTERS, **(fields | wanted))
    assert refused.value.status == 400


def test_folder_with_other_files_is_refused(rest: Rest, fields: dict[str, Any]) -> None:
    """The task fails, and leaves them as they are."""
    folder = Path(fields["path"])
    folder.mkdir()
    (folder / "letter.txt").write_text("dear")
    exporter = rest.make(EXPORTERS, **fields)
    with pytest.raises(Refused, match="has other files: give an empty folder"):
        rest.post(f"{exporter['pulp_href']}exports/")
    assert [one.name for one in folder.iterdir()] == ["letter.txt"]
    assert rest.list(f"{exporter['pulp_href']}exports/") == []


def test_only_administrators_use_exporters(
    rest: Rest, published: Registry, fields: dict[str, Any]
) -> None:
    """Also of a registry that is theirs, since they write to the server's file system."""
    exporter = rest.make(EXPORTERS, **fields)
    owner = rest.new_user("cargo.cargodistribution_owner", on=published.href)
    for attempt in (
        lambda: owner.post(EXPORTERS, **(fields | {"name": unique("exporter")})),
        lambda: owner.get(exporter["pulp_href"]),
        lambda: owner.post(f"{exporter['pulp_href']}exports/"),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.status in (403, 404)
