"""What comes through a cache becomes part of its repository."""

import hashlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version
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


TIME = "2020-02-02T02:02:02Z"


def line(name: str, data: bytes, deps: str = "[]", pubtime: str | None = TIME) -> str:
    """Return the upstream's line about a file."""
    cksum = hashlib.sha256(data).hexdigest()
    time = "" if pubtime is None else f'"pubtime":"{pubtime}",'
    return (
        f'{{"name":"{name}","vers":"1.0.0","deps":{deps},"cksum":"{cksum}","features":{{}},'
        f'"yanked":true,{time}"from_the_future":1}}'
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
    from pulp_cargo.app.services.fetch.persist_changes import (
        AddCachedCrate,
        LinkStoredUnit,
        SetYanked,
        changes_of_links,
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
    assert changes_of_links([LinkStoredUnit(first.unit.pk, yanked=False)])[0].keys == first.keys


def test_stored_unit_is_adopted_by_another_repository(
    new_repository: Any, name: str, domain: Any, readers: "CrateReaders"
):
    """Its file is fetched once for the whole domain."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream
    from pulp_cargo.app.services.fetch.persist_changes import (
        AddCachedCrate,
        LinkStoredUnit,
        changes_of_links,
    )
    from pulp_cargo.app.services.publish.commit import commit

    data = Crate(name).packed()
    file = incoming(data)
    one, other = new_repository(), new_repository()
    kept = AddCachedCrate(
        unit_of_upstream(readers, line(name, data), file, CRATES_IO, REMOTE), file, yanked=False
    )
    commit(one.pk, domain, [kept])
    commit(other.pk, domain, changes_of_links([LinkStoredUnit(kept.unit.pk, yanked=True)]))
    latest = other.latest_version()
    assert (latest.count("cargo.crate"), latest.count("cargo.yank")) == (1, 1)


def times_in(repository: "CargoRepository") -> list[str | None]:
    """Return the times of publication in the index lines of a repository."""
    from pulp_cargo.app.models import CrateContent

    units = repository.latest_version().get_content(CrateContent.objects.all())
    return [json.loads(unit.index_line).get("pubtime") for unit in units]


def test_time_of_publication_is_the_word_of_who_tells_it(
    new_repository: Any, name: str, domain: Any, readers: "CrateReaders", prepare: Any
):
    """No file has it: what an upstream says is for its own stores, and a publish has its own time."""
    from pulp_cargo.app.services.crates.cached_unit import unit_of_upstream
    from pulp_cargo.app.services.fetch.persist_changes import AddCachedCrate
    from pulp_cargo.app.services.publish.commit import commit

    crate = Crate(name)
    data = crate.packed()

    def cached(remote: int, pubtime: str | None) -> AddCachedCrate:
        file = incoming(data)
        said = line(name, data, pubtime=pubtime)
        unit = unit_of_upstream(readers, said, file, CRATES_IO, UUID(int=remote))
        return AddCachedCrate(unit, file, yanked=False)

    liar, honest, silent, published, again = (new_repository() for _ in range(5))
    commit(liar.pk, domain, [cached(1, "2001-01-01T00:00:00Z")])
    commit(honest.pk, domain, [cached(2, TIME)])
    commit(silent.pk, domain, [cached(3, None)])
    commit(published.pk, domain, [prepare(crate)])
    commit(again.pk, domain, [cached(2, "2003-03-03T03:03:03Z")])
    assert times_in(liar) == ["2001-01-01T00:00:00Z"]
    assert times_in(honest) == times_in(again) == [TIME]
    # The time at which the file came would let cargo take an old version for a young one.
    assert times_in(silent) == [None]
    (time,) = times_in(published)
    assert time is not None and time > "2024"


def test_version_that_is_published_again_keeps_its_time(
    repository: "CargoRepository", name: str, domain: Any, prepare: Any
):
    """It never changes in a registry, also if the version was removed meanwhile [18]."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.queries.crates.by_name import NamedVersion
    from pulp_cargo.app.services.publish import named_versions
    from pulp_cargo.app.services.publish.commit import commit

    commit(repository.pk, domain, [prepare(Crate(name))])
    units = CrateContent.objects.filter(name=name)
    (pubtime,) = times_in(repository)
    units.update(index_line=units.get().index_line.replace(str(pubtime), TIME))
    wanted = NamedVersion(parse_crate_name(name), parse_version("1.0.0"))
    named_versions.remove(repository, [wanted])
    assert times_in(repository) == []
    commit(repository.pk, domain, [prepare(Crate(name))])
    assert times_in(repository) == [TIME]


@pytest.mark.parametrize(
    ("source", "is_found"), [("remote", True), ("", True), ("repository", False)]
)
def test_file_of_another_store_is_used_with_the_time_of_the_remote_only(
    new_repository: Any,
    new_remote: Any,
    new_distribution: Any,
    prepare: Any,
    name: str,
    domain: Any,
    source: str,
    is_found: bool,
):
    """Somebody may have copied what they published to the store of their cache."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.queries.crates.crate_file import cached_file
    from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream, upstreams_of
    from pulp_cargo.app.services.publish.commit import commit

    store, own, remote = new_repository(), new_repository(), new_remote()
    new_distribution(remote=remote, repository=store)
    change = prepare(Crate(name))
    commit(store.pk, domain, [change])
    known = {"remote": str(remote.pk), "repository": str(store.pk)}
    CrateContent.objects.filter(name=name).update(time_source=known.get(source, source))
    (upstream,) = upstreams_of(new_distribution(remote=remote, repository=own))
    assert isinstance(upstream, RemoteUpstream)
    found = cached_file(upstream, domain, name, "1.0.0", change.unit.cksum)
    assert (found is not None) is is_found
