"""Each entrance to a unit of a crate version fills in all columns of its table."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from pulp_cargo.protocol.index import parse_line, render_line
from pulp_cargo.protocol.listing import FIELDS, ListedCrate, parse_crate, render_crate
from pulp_cargo.protocol.manifest import parse_manifest, read_package

if TYPE_CHECKING:
    from pulp_cargo.app.models import CrateContent

MANIFEST = b"""
[package]
name = "Full-crate"
version = "1.2.3+full"
edition = "2021"
rust-version = "1.70"
links = "full"
authors = ["A. Author"]
description = "A crate with everything."
license = "MIT"
license-file = "LICENSE"
homepage = "https://full.example/home"
documentation = "https://full.example/docs"
repository = "https://full.example/git"
keywords = ["full"]
categories = ["development-tools"]
[dependencies.alias]
version = "1"
package = "other"
registry-index = "sparse+https://other.example/index/"
[dependencies.plain]
version = "1"
[target.'cfg(target_os = "linux")'.dependencies.plain]
version = "1"
"""
README = "What it is."
CKSUM = "ab" * 32
PUBTIME = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
# Filled in by the model, or when the unit is saved.
OF_CORE = {"content_ptr", "_pulp_domain"}
# What an entrance leaves empty, and why.
EMPTY = {
    "manifest": {"metadata_source": "the metadata are those of the file"},
    "index line": {
        "readme": "a manifest that cannot be read does not say which file it is",
        "time_source": "it is that of the metadata",
    },
    "listing": {"time_source": "it is that of the metadata"},
}


@pytest.fixture(autouse=True)
def of_a_domain() -> Iterator[None]:
    """In its domain a unit needs no query."""
    from pulpcore.plugin.models import Domain

    from pulp_cargo.app.models.core import with_domain

    with with_domain(Domain(name="default")):
        yield


def built(entrance: str) -> "CrateContent":
    """Return the unit of the full crate as one entrance makes it."""
    from pulp_cargo.app.services.crates import build_unit

    manifest = parse_manifest(MANIFEST)
    if entrance == "manifest":
        return build_unit.of_manifest(
            manifest, cksum=CKSUM, readme=README, pubtime=PUBTIME, time_source="a registry's"
        )
    line = render_line(manifest.entry(CKSUM, "2026-01-02T03:04:05Z"))
    package = dict(read_package(MANIFEST))
    if entrance == "index line":
        return build_unit.of_index_line(
            parse_line(line), pubtime=PUBTIME, remote=UUID(int=1), package=package
        )
    said = package | json.loads(line) | {"index_line": line, "size": 1, "readme": README}
    listed = parse_crate(render_crate([said[name] for name in FIELDS]))
    assert isinstance(listed, ListedCrate)
    return build_unit.of_listing(listed, "somebody's")


@pytest.mark.parametrize("entrance", EMPTY)
def test_every_column_is_filled_in(entrance: str) -> None:
    """A column that is new to the table, and to no entrance, would be empty for some units."""
    unit = built(entrance)
    columns = {field.name for field in unit._meta.local_concrete_fields} - OF_CORE
    empty = {name for name in columns if getattr(unit, name) in (None, "", [])}
    assert empty == set(EMPTY[entrance])


@pytest.mark.parametrize("entrance", EMPTY)
def test_the_columns_do_not_depend_on_the_entrance(entrance: str) -> None:
    """One crate is found by the same search, whichever way it came."""
    one, other = built("manifest"), built(entrance)
    names = {field.name for field in one._meta.local_concrete_fields} - OF_CORE
    same = names - {"metadata_source", "time_source"} - set(EMPTY[entrance])
    assert {name: getattr(one, name) for name in same} == {
        name: getattr(other, name) for name in same
    }
    assert (one.canonical_name, one.vers_key) == ("full_crate", "1.2.3")
    assert one.dependency_names == ["other", "plain"]
    assert one.registries == ["sparse+https://other.example/index/"]


def values_of_row(row: str) -> dict[str, object]:
    """Return the values of a row in the text format of COPY, by their columns."""
    from pulp_cargo.app.services.sync.index_table import CRATE_COLUMNS, NULL

    values: dict[str, object] = {}
    for column, text in zip(CRATE_COLUMNS, row.split("\t"), strict=True):
        plain = text.replace("\\\\", "\\")
        is_array = column in ("dependency_names", "registries")
        values[column] = json.loads(f"[{plain[1:-1]}]") if is_array else plain
        if text == NULL:
            values[column] = None
    return values


def test_the_row_of_a_mirrored_line_has_the_columns_of_its_index_line() -> None:
    """A mirror writes rows without units, of which the same line must make the same version."""
    from pulp_cargo.app.services.crates import build_unit
    from pulp_cargo.app.services.sync.index_table import IndexOrigin, _row
    from pulp_cargo.protocol.mirrored_line import read_line

    line = render_line(parse_manifest(MANIFEST).entry(CKSUM, "2026-01-02T03:04:05Z"))
    origin = IndexOrigin(str(UUID(int=1)), "https://full.example/index", None)
    _, made = _row("00", read_line(line.encode(), origin.registry), origin)
    found = values_of_row(made.crate)
    assert found.pop("content_ptr_id") == "00"
    assert datetime.fromisoformat(str(found.pop("pubtime"))) == PUBTIME
    assert '\\"linux' in str(found["index_line"])
    unit = build_unit.of_index_line(
        parse_line(line), pubtime=PUBTIME, remote=UUID(int=1), package={}
    )
    assert found == {column: getattr(unit, column) for column in found}


def test_a_file_that_cannot_be_read_has_no_description() -> None:
    """Its unit has the columns that follow from the upstream's index line, and empty ones."""
    from pulp_cargo.app.services.crates import build_unit

    entry = parse_manifest(MANIFEST).entry(CKSUM, None)
    unit = build_unit.of_index_line(entry, pubtime=PUBTIME, remote=UUID(int=1), package={})
    assert (unit.license, unit.keywords, unit.links) == (None, [], "full")


def test_a_time_of_the_first_millennium_stays_as_it_is() -> None:
    """Cargo loses a version whose year has fewer than four digits, and upstreams claim any time."""
    from pulp_cargo.app.services.crates import build_unit

    unit = build_unit.of_manifest(
        parse_manifest(MANIFEST),
        cksum=CKSUM,
        readme=None,
        pubtime=datetime(1, 1, 1, tzinfo=UTC),
        time_source="a registry's",
    )
    assert parse_line(unit.index_line).pubtime == "0001-01-01T00:00:00Z"
