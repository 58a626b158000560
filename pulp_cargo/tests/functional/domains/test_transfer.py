"""A repository goes out of one Pulp as a file, comes into another, and is the same registry there."""

import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.functional.domains.conftest import Domains
from pulp_cargo.tests.functional.serve.launcher import wait_for
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.stack import Stack
from pulp_cargo.tests.support.traces import remove_orphan
from pulp_cargo.tests.support.transfer import Pulp

THIRD = "sparse+https://third.example/index/"


@pytest.fixture
def first(stack: Stack) -> Pulp:
    """The Pulp that most tests use."""
    return Pulp.of(stack)


@pytest.fixture(scope="module")
def second(domains: Domains) -> Pulp:
    """Another Pulp, with domains, whose registries have other URLs."""
    return Pulp(
        domains.default.rest,
        domains.stack.data_dir / "exports",
        "/pulp/default/api/v3/",
        domains.stack.ready["token"],
    )


@pytest.fixture
def registry(stack: Stack, name: str) -> Registry:
    """A registry of three crates, with all that an index line may have, and a yanked version."""
    registry = stack.make_registry(repository={"crates_io_rules": False, "description": "Ours"})
    deps = [Dep(name="own"), Dep(name="serde", registry=CRATES_IO, optional=True)]
    registry.publish(
        Crate(
            f"{name}-Full",
            "1.0.0+build",
            deps=[*deps, Dep(name="third", alias="other", registry=THIRD, features=["a", "b"])],
            features={"std": ["dep:serde"], "empty": []},
            files={"README.md": "# Grüße, 💡".encode(), "src/lib.rs": b""},
            package={
                "readme": "README.md",
                "description": "",
                "authors": ["A, B <a@b.example>", "C"],
                "keywords": ["tree", "leaf"],
                "license": "MIT OR Apache-2.0",
                "links": "z",
                "rust-version": "1.70",
            },
        )
    )
    for vers in ("0.9.0", "0.10.0", "1.0.0-rc.1"):
        registry.publish(Crate(f"{name}-plain", vers))
    assert registry.yank(f"{name}-plain", "0.9.0").status == 200
    return registry


def assert_same(here: Registry, there: Registry, versions: dict[str, set[str]]) -> None:
    """Compare index files and .crate files, byte by byte; there has to be just what is expected."""
    for name, expected in versions.items():
        index = here.index_file(name)
        assert {entry["vers"] for entry in here.index(name)} == expected
        assert there.index_file(name).body == index.body
        assert there.index_file(name).headers["etag"] == index.headers["etag"]
        for vers in expected:
            file = here.download(name, vers)
            assert file.status == 200
            assert there.download(name, vers).body == file.body


def repository_name(pulp: Pulp, registry: Registry) -> str:
    """Return the name of a registry's repository."""
    return str(pulp.rest.get(registry.repository)["name"])


def version_of(pulp: Pulp, registry: Registry) -> str:
    """Return the newest version of a registry's repository."""
    return str(pulp.rest.get(registry.repository)["latest_version_href"])


def units(pulp: Pulp, registry: Registry) -> list[dict[str, Any]]:
    """Return what the REST API says of a registry's crates, but for what is of one Pulp."""
    version = version_of(pulp, registry)
    own = {"pulp_href", "prn", "artifact", "pulp_created", "pulp_last_updated", "vuln_report"}
    own.add("is_read")
    found = pulp.rest.list(f"{pulp.root}content/cargo/crates/", repository_version=version)
    shown = [{key: value for key, value in unit.items() if key not in own} for unit in found]
    return sorted(shown, key=lambda unit: unit["cksum"])


def everything(name: str) -> dict[str, set[str]]:
    """What `registry` serves."""
    return {f"{name}-Full": {"1.0.0+build"}, f"{name}-plain": {"0.9.0", "0.10.0", "1.0.0-rc.1"}}


def test_export_comes_into_an_empty_pulp(
    first: Pulp, second: Pulp, registry: Registry, name: str
) -> None:
    """The importer makes the repository; index and files are the same bytes, and it goes on."""
    repository = repository_name(first, registry)
    second.bring(first.export(first.make_exporter(registry.repository)), create=True)
    there = second.serve(repository)
    assert_same(registry, there, everything(name))
    assert units(second, there) == units(first, registry)
    # What another Pulp has read is its word here.
    path = f"{second.root}content/cargo/crates/"
    found = second.rest.list(path, repository_version=version_of(second, there))
    assert {one["is_read"] for one in found} == {False}
    after = second.rest.get(there.repository)
    assert (after["description"], after["retain_repo_versions"]) == ("Ours", 100)
    assert registry.index_url in after["index_aliases"]
    there.publish(Crate(f"{name}-plain", "2.0.0"))
    assert there.yank(f"{name}-Full", "1.0.0+build").status == 200
    assert there.entry(f"{name}-plain", "2.0.0")["yanked"] is False
    assert there.entry(f"{name}-Full", "1.0.0+build")["yanked"] is True
    assert second.rest.get(there.repository)["latest_version_href"].endswith("/versions/3/")


def test_versions_that_differ_in_build_metadata(
    stack: Stack, first: Pulp, second: Pulp, name: str
) -> None:
    """A mirror that has both comes in as it is, with the yank of one of them."""
    mirror = stack.make_registry(allow_uploads=False)
    path = f"{first.root}content/cargo/crates/"
    units = [first.rest.upload(path, Crate(name, vers).packed()) for vers in ("0.4.0", "0.4.0+25")]
    added = [unit["pulp_href"] for unit in units]
    first.rest.post(f"{mirror.repository}modify/", add_content_units=added)
    first.rest.post(f"{mirror.repository}yank/", name=name, vers="0.4.0")
    second.bring(first.export(first.make_exporter(mirror.repository)), create=True)
    there = second.serve(repository_name(first, mirror))
    assert_same(mirror, there, {name: {"0.4.0", "0.4.0+25"}})
    assert [line["yanked"] for line in there.index(name)] == [True, False]


def test_incremental_export_brings_the_difference(
    first: Pulp, second: Pulp, registry: Registry, name: str
) -> None:
    """Only new files are in the second file, and afterwards both sides are the same again."""
    exporter = first.make_exporter(registry.repository)
    second.bring(first.export(exporter), create=True)
    there = second.serve(repository_name(first, registry))
    registry.publish(Crate(f"{name}-plain", "2.0.0", deps=[Dep(name="own")]))
    assert registry.unyank(f"{name}-plain", "0.9.0").status == 200
    assert registry.yank(f"{name}-Full", "1.0.0+build").status == 200
    file = first.export(exporter, full=False)
    assert files_in(file) == 1
    second.bring(file)
    expected = everything(name)
    expected[f"{name}-plain"] |= {"2.0.0"}
    assert_same(registry, there, expected)
    assert there.entry(f"{name}-plain", "0.9.0")["yanked"] is False
    assert there.entry(f"{name}-Full", "1.0.0+build")["yanked"] is True


def test_export_between_two_versions(first: Pulp, second: Pulp, name: str, stack: Stack) -> None:
    """An administrator may name the versions to start from and to go to."""
    registry = stack.make_registry()
    for vers in ("1.0.0", "2.0.0", "3.0.0"):
        registry.publish(Crate(name, vers))
    exporter = first.make_exporter(registry.repository)
    versions = [f"{registry.repository}versions/{number}/" for number in (1, 2)]
    second.bring(first.export(exporter, versions=versions[:1]), create=True)
    there = second.serve(repository_name(first, registry))
    assert [entry["vers"] for entry in there.index(name)] == ["1.0.0"]
    file = first.export(exporter, full=False, start_versions=versions[:1], versions=versions[1:])
    assert files_in(file) == 1
    second.bring(file)
    assert [entry["vers"] for entry in there.index(name)] == ["1.0.0", "2.0.0"]
    assert there.download(name, "2.0.0").body == registry.download(name, "2.0.0").body


def test_import_into_a_repository_that_is_there(
    first: Pulp, second: Pulp, registry: Registry, name: str
) -> None:
    """It then holds just what the source holds; its own versions before that stay as they were."""
    mine, alias = unique("mine"), "sparse+https://old.example/index/"
    repository = second.make_repository(mine)
    second.rest.patch(repository, index_aliases=[alias])
    there = second.serve(mine)
    other = Crate(f"{name}-plain", "0.9.0", package={"homepage": "https://other.example"})
    there.publish(other)
    assert there.index_file(other.name).status == 200
    mapping = {repository_name(first, registry): mine}
    second.bring(first.export(first.make_exporter(registry.repository)), mapping=mapping)
    assert_same(registry, there, everything(name))
    aliases = second.rest.get(repository)["index_aliases"]
    assert (aliases[0], registry.index_url in aliases) == (alias, True)
    second.rest.post(f"{repository}modify/", base_version=f"{repository}versions/1/")
    assert [entry["cksum"] for entry in there.index(other.name)] == [other.cksum()]
    assert there.download(other.name, "0.9.0").body == other.packed()


def test_unit_that_is_there_stays_as_it_is(
    first: Pulp, second: Pulp, stack: Stack, name: str
) -> None:
    """Another repository holds it: an import must not change when it was published there."""
    registry, mine = stack.make_registry(), unique("mine")
    second.make_repository(mine)
    there = second.serve(mine)
    there.publish(Crate(name))
    before = there.index_file(name).body
    time_passes(there.entry(name)["pubtime"])
    registry.publish(Crate(name))
    assert registry.index_file(name).body != before
    second.bring(first.export(first.make_exporter(registry.repository)), create=True)
    copy = second.serve(repository_name(first, registry))
    assert copy.entry(name)["cksum"] == Crate(name).cksum()
    assert there.index_file(name).body == before
    assert there.download(name).body == copy.download(name).body == Crate(name).packed()


def time_passes(pubtime: str) -> None:
    """Wait for the second after the one in which something was published."""
    assert wait_for(lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") > pubtime)


def test_import_into_a_domain(first: Pulp, second: Pulp, registry: Registry, name: str) -> None:
    """What was not of a domain comes into one, and from there into another."""
    domains = [make_domain(second) for _ in range(2)]
    repository = repository_name(first, registry)
    domains[0].bring(first.export(first.make_exporter(registry.repository)), create=True)
    here = domains[0].serve(repository)
    assert_same(registry, here, everything(name))
    domains[1].bring(domains[0].export(domains[0].make_exporter(here.repository)), create=True)
    there = domains[1].serve(repository)
    assert_same(registry, there, everything(name))
    assert second.rest.list(f"{second.root}repositories/cargo/cargo/", name=repository) == []


def test_owners_come_along_where_they_exist(
    first: Pulp, second: Pulp, stack: Stack, name: str
) -> None:
    """By their names; others are left out, and owners that the destination has stay."""
    registry = stack.make_registry(repository={"crate_owners": True})
    registry.publish(Crate(name))
    owners = f"{registry.repository}owners/"
    added = f"{registry.repository}add_owners/"
    logins = [f"{name}-here", f"{name}-both", f"group:{name}-both"]
    for login in logins[:2]:
        first.rest.make(f"{first.root}users/", username=login, password=f"{login}-pw")
    first.rest.make(f"{first.root}groups/", name=f"{name}-both")
    first.rest.post(added, owners=logins, crates=[name])
    second.rest.make(f"{second.root}users/", username=logins[1], password=f"{logins[1]}-pw")
    second.rest.make(f"{second.root}groups/", name=f"{name}-both")
    file = first.export(first.make_exporter(registry.repository))
    repository = repository_name(first, registry)
    for create in (True, False):
        second.bring(file, create=create)
        there = second.repository(repository)
        assert there["crate_owners"] is True
        shown = second.rest.list(f"{there['pulp_href']}owners/")
        # Both have an `admin`, who published it.
        assert [(one["crate"], one["owner"]) for one in shown] == [
            (name, login) for login in ("admin", *logins[1:])
        ]
        assert {one["added_by"] for one in shown} == {None}
    assert [one["owner"] for one in first.rest.list(owners)] == ["admin", *logins]


def test_labels_of_the_exported_version_come_along(
    first: Pulp, second: Pulp, stack: Stack, name: str
) -> None:
    """They serve the same state there; one that another version has stays there."""
    registry = stack.make_registry()

    def label(text: str) -> Path:
        first.rest.post(f"{registry.repository}label_version/", label=text)
        return first.export(first.make_exporter(registry.repository))

    registry.publish(Crate(name))
    repository = repository_name(first, registry)
    second.bring(label("release-1"), create=True)
    there = second.serve(repository)
    second.bring(label("stable"))
    registry.publish(Crate(name, "2.0.0"))
    second.rest.post(f"{there.repository}label_version/", label="release-2", number=0)
    first.rest.post(f"{registry.repository}label_version/", label="release-2")
    second.bring(label("newest"))
    shown = second.rest.list(f"{there.repository}version_labels/")
    assert {one["label"]: one["number"] for one in shown} == {
        "release-1": 1,
        "stable": 1,
        "release-2": 0,
        "newest": 2,
    }
    for past, versions in (("@release-1/", ["1.0.0"]), ("@newest/", ["1.0.0", "2.0.0"])):
        then = replace(there, index_url=f"{there.index_url}{past}")
        assert [entry["vers"] for entry in then.index(name)] == versions


def make_domain(pulp: Pulp) -> Pulp:
    """Make a domain that keeps its files where the default domain has them."""
    name = unique("domain")
    pulp.rest.make(
        f"{pulp.root}domains/",
        name=name,
        storage_class="pulpcore.app.models.storage.FileSystem",
        storage_settings={"MEDIA_ROOT": str(pulp.exports.parent / "media")},
    )
    root = f"/pulp/{name}/api/v3/"
    token = pulp.rest.make(f"{root}cargo/tokens/", name="t")["token"]
    return replace(pulp, root=root, token=token)


def test_files_that_are_not_there_cannot_be_exported(first: Pulp, stack: Stack, name: str) -> None:
    """A crate that Pulp would fetch on demand has to be fetched before."""
    registry, crate = stack.make_registry(), Crate(name)
    registry.publish(crate)
    with stack.connect() as connection:
        connection.execute(
            "UPDATE core_contentartifact SET artifact_id = NULL WHERE relative_path = %s",
            [f"{name}/{name}-1.0.0.crate"],
        )
    remove_orphan(stack, crate.packed())
    with pytest.raises(Refused, match="Remote artifacts cannot be exported"):
        first.export(first.make_exporter(registry.repository))


def files_in(export: Path) -> int:
    """Return how many .crate files an export brings along."""
    with tarfile.open(export) as tar:
        return sum(name.startswith("artifact/") for name in tar.getnames())
