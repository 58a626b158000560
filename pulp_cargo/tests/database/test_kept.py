"""What comes through a cache becomes part of its repository."""

import hashlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from pulp_cargo.protocol.unavailable import ServiceUnavailable
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.crates.crate_reader import CrateReaders
    from pulp_cargo.app.services.crates.incoming_file import IncomingFile

REMOTE = UUID(int=1)
CRATES_IO = "https://github.com/rust-lang/crates.io-index"


@pytest.fixture
def readers() -> "Iterator[CrateReaders]":
    """The processes that read the files."""
    from pulp_cargo.app.services.crates.crate_reader import CrateReaders

    made = CrateReaders()
    yield made
    made.stop()


def incoming(data: bytes) -> "IncomingFile":
    """Return a file that has come, and can be stored."""
    from pulp_cargo.app.services.crates.incoming_file import IncomingFile

    file = IncomingFile()
    file.write(data)
    file.settle()
    return file


def line(name: str, data: bytes, deps: str = "[]") -> str:
    """Return the upstream's line about a file."""
    cksum = hashlib.sha256(data).hexdigest()
    return (
        f'{{"name":"{name}","vers":"1.0.0","deps":{deps},"cksum":"{cksum}","features":{{}},'
        '"yanked":true,"pubtime":"2020-02-02T02:02:02Z","from_the_future":1}'
    )


def test_manifest_of_a_file_holds(name: str, domain: Any, readers: "CrateReaders"):
    """Its description is found; the time is when the upstream had it."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream

    data = Crate(name, package={"description": "What it is."}).packed()
    unit = unit_of_upstream(readers, line(name, data), incoming(data), CRATES_IO, REMOTE)
    assert (unit.description, unit.is_read) == ("What it is.", True)
    assert unit.pubtime.isoformat() == "2020-02-02T02:02:02+00:00"
    assert '"yanked":false' in unit.index_line


def test_file_that_we_would_refuse_is_kept_by_its_line(
    name: str, domain: Any, readers: "CrateReaders"
):
    """Dependencies without a registry are those of the upstream."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream

    data = b"no archive at all"
    deps = '[{"name":"dep","req":"^1","features":[],"optional":false,"default_features":true}]'
    unit = unit_of_upstream(readers, line(name, data, deps), incoming(data), CRATES_IO, REMOTE)
    assert (unit.name, unit.vers, unit.dependency_names) == (name, "1.0.0", ["dep"])
    assert not unit.is_read
    assert f'"registry":"{CRATES_IO}"' in unit.index_line


def test_file_that_cannot_be_read_now_is_not_described_by_its_line(name: str, domain: Any):
    """What is wrong at the moment says nothing about the file, and it would be stored forever."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream

    def read_upstream(*_: Any, **__: Any) -> None:
        raise ServiceUnavailable("try again later")

    busy: Any = SimpleNamespace(read_upstream=read_upstream)
    data = Crate(name).packed()
    with pytest.raises(ServiceUnavailable):
        unit_of_upstream(busy, line(name, data), incoming(data), CRATES_IO, REMOTE)


def test_word_of_an_upstream_never_replaces_what_was_read(
    repository: "CargoRepository", name: str, domain: Any, readers: "CrateReaders"
):
    """Two remotes that describe a file whose manifest cannot be read have a unit each."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream
    from pulp_cargo.app.services.crates.unit_rows import save_units

    data = b"no archive at all"
    deps = '[{"name":"evil","req":"^1","features":[],"optional":false,"default_features":true}]'
    words = [
        unit_of_upstream(
            readers, line(name, data, said), incoming(data), CRATES_IO, UUID(int=remote)
        )
        for said, remote in (("[]", 1), (deps, 2), ("[]", 2))
    ]
    read = unit_of_upstream(readers, line(name, data), incoming(data), CRATES_IO, REMOTE)
    read.metadata_source = ""
    ids = save_units([*words, read], domain)
    assert len(set(ids)) == 4
    assert save_units(words[:1], domain) == ids[:1]
    stored = {pk: CrateContent.objects.get(pk=pk).dependency_names for pk in ids}
    assert [stored[pk] for pk in ids] == [[], ["evil"], [], []]


def test_version_is_kept_once_with_its_yank(
    repository: "CargoRepository", name: str, domain: Any, readers: "CrateReaders"
):
    """Another process may have kept it a moment ago; later words on yanks are followed."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream
    from pulp_cargo.app.services.downloads.persist_changes import (
        AddCachedCrate,
        LinkStoredUnit,
        SetYanked,
        adopted,
    )
    from pulp_cargo.app.services.publish.commit import commit

    data = Crate(name).packed()

    def change() -> AddCachedCrate:
        file = incoming(data)
        return AddCachedCrate(
            unit_of_upstream(readers, line(name, data), file, CRATES_IO, REMOTE), file, yanked=True
        )

    first, second = change(), change()
    assert commit(repository.pk, domain, [first, second]).refusals == [None, None]
    assert commit(repository.pk, domain, [change()]).made is None
    latest = repository.latest_version()
    assert (latest.number, latest.count("cargo.crate"), latest.count("cargo.yank")) == (1, 1, 1)
    commit(repository.pk, domain, [SetYanked(first.keys, yanked=False)])
    assert repository.latest_version().count("cargo.yank") == 0
    absent = SetYanked((first.keys[0], "9.9.9"), yanked=True)
    assert commit(repository.pk, domain, [absent]).made is None
    assert adopted([LinkStoredUnit(first.unit.pk, yanked=False)])[0].keys == first.keys


def test_stored_unit_is_adopted_by_another_repository(
    new_repository: Any, name: str, domain: Any, readers: "CrateReaders"
):
    """Its file is fetched once for the whole domain."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream
    from pulp_cargo.app.services.downloads.persist_changes import (
        AddCachedCrate,
        LinkStoredUnit,
        adopted,
    )
    from pulp_cargo.app.services.publish.commit import commit

    data = Crate(name).packed()
    file = incoming(data)
    one, other = new_repository(), new_repository()
    kept = AddCachedCrate(
        unit_of_upstream(readers, line(name, data), file, CRATES_IO, REMOTE), file, yanked=False
    )
    commit(one.pk, domain, [kept])
    commit(other.pk, domain, adopted([LinkStoredUnit(kept.unit.pk, yanked=True)]))
    latest = other.latest_version()
    assert (latest.count("cargo.crate"), latest.count("cargo.yank")) == (1, 1)
