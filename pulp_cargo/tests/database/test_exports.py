"""What an export of another Pulp says of files is kept apart from all else that is said of them."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tablib import Dataset

    from pulp_cargo.app.models import CargoRepository, CrateContent

NewCrate = Callable[..., "CrateContent"]
TIME = "2020-02-02T02:02:02Z"


def exported(repository: "CargoRepository", unit: "CrateContent", **changes: Any) -> "Dataset":
    """Return the export of a unit, with changes of its row."""
    from tablib import Dataset

    from pulpcore.plugin.models import Content

    from pulp_cargo.app.modelresource import CrateContentResource

    with repository.new_version() as version:
        version.add_content(Content.objects.filter(pk=unit.pk))
    resource = CrateContentResource(repository.latest_version())
    units = resource.queryset.filter(pk=unit.pk)
    (row,) = json.loads(resource.export(units).json)
    made = Dataset()
    made.dict = [{**row, **changes}]
    return made


def taken_from(export: "Dataset") -> "CrateContent":
    """Import an export, and return the unit that the destination gets."""
    from pulp_cargo.app.modelresource import CrateContentResource
    from pulp_cargo.app.models import CrateContent

    result = CrateContentResource().import_data(export, raise_errors=True)
    (row,) = result.rows
    assert row.import_type in ("new", "update")
    return CrateContent.objects.get(pk=row.object_id)


def timed(unit: "CrateContent", pubtime: str) -> str:
    """Return the index line of a unit with a time of publication."""
    return json.dumps(json.loads(unit.index_line) | {"pubtime": pubtime}, separators=(",", ":"))


def test_words_of_two_exports_are_two_units(
    repository: "CargoRepository", new_crate: NewCrate, name: str
) -> None:
    """The second one may tell the truth about the same bytes, which nobody has read here."""
    unit = new_crate(f"{name}-of-theirs")
    same = {"name": name, "canonical_name": name}
    false = exported(repository, unit, **same, license="MIT")
    true = exported(repository, unit, **same, license="AGPL-3.0-only", metadata_source="ab" * 32)
    first, second = taken_from(false), taken_from(true)
    assert (first.license, second.license) == ("MIT", "AGPL-3.0-only")
    assert not (first.is_read or second.is_read)
    assert taken_from(false).pk == first.pk
    assert taken_from(true).pk == second.pk


@pytest.mark.parametrize("pubtime", [TIME, None])
def test_file_that_was_read_here_has_the_time_of_the_export(
    repository: "CargoRepository", new_crate: NewCrate, name: str, pubtime: str | None
) -> None:
    """And nothing else of it; the unit of whoever had the file here keeps its own."""
    unit = new_crate(name, license="MIT")
    unit.index_line = timed(unit, "2011-11-11T11:11:11Z")
    unit.time_source = "a repository"
    unit.save()
    line = json.loads(unit.index_line) | {"links": "evil"}
    line = line | {"pubtime": pubtime} if pubtime else {k: line[k] for k in line if k != "pubtime"}
    export = exported(repository, unit, license="ISC", index_line=json.dumps(line))
    taken = taken_from(export)
    entry = json.loads(taken.index_line)
    assert (entry.get("pubtime"), entry.get("links")) == (pubtime, None)
    assert (taken.license, taken.is_read) == ("MIT", True)
    assert taken.pk != unit.pk
    assert taken_from(export).pk == taken.pk
    unit.refresh_from_db()
    assert json.loads(unit.index_line)["pubtime"] == "2011-11-11T11:11:11Z"


@pytest.mark.parametrize("role", [None, "viewer", "publisher"])
def test_destination_is_one_that_the_user_may_modify(
    repository: "CargoRepository", monkeypatch: pytest.MonkeyPatch, role: str | None
) -> None:
    """Pulp lets administrators import, unless its access policies are changed."""
    from tablib import Dataset

    from pulpcore.plugin.exceptions import ValidationError

    from pulp_cargo.app import modelresource
    from pulp_cargo.app.models.core import with_user
    from pulp_cargo.tests.database.test_repository_use import user_with

    monkeypatch.setattr(modelresource, "_destination", lambda: repository)
    row = Dataset()
    row.dict = [{"index_aliases": ["sparse+https://theirs.example/"]}]
    user = user_with(role or "viewer", repository)
    with with_user(None if role is None else user):
        if role == "viewer":
            with pytest.raises(ValidationError, match="you need the right to modify it"):
                modelresource.RegistryUrlsResource().before_import(row)
        else:
            modelresource.RegistryUrlsResource().before_import(row)
