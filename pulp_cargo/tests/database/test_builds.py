"""Versions that differ in their build metadata alone: what people publish, and what is copied."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.errors import VersionExists, VersionsNotFound, VersionUsed
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.tests.database.upstreams import registry_of
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository, CrateContent
    from pulp_cargo.app.queries.crates.by_name import NamedVersion
    from pulp_cargo.app.services.fetch.persist_changes import AddCachedCrate
    from pulp_cargo.app.services.publish.publish import Publish
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote

NewCrate = Callable[..., "CrateContent"]
Prepare = Callable[..., "Publish"]


def there(repository: "CargoRepository", name: str) -> set[str]:
    """Return the versions of a crate in the newest version of a repository."""
    from pulp_cargo.app.models import CrateContent

    found = repository.latest_version().get_content(CrateContent.objects.filter(name=name))
    return set(found.values_list("vers", flat=True))


def kept(change: "Publish", *, yanked: bool = False) -> "AddCachedCrate":
    """Return the change by which a cache keeps what another change would publish."""
    from pulp_cargo.app.services.fetch.persist_changes import AddCachedCrate

    return AddCachedCrate(change.unit, change.file, yanked)


def named(name: str, vers: str) -> "NamedVersion":
    """Return a version as it is named to a repository."""
    from pulp_cargo.app.queries.crates.by_name import NamedVersion

    return NamedVersion(parse_crate_name(name), parse_version(vers))


def add(repository: "CargoRepository", *units: "CrateContent") -> None:
    """Add units as `modify` does."""
    from pulpcore.plugin.models import Content

    with repository.new_version() as version:
        version.add_content(Content.objects.filter(pk__in=[unit.pk for unit in units]))


@pytest.mark.parametrize("together", [True, False], ids=["one commit", "two"])
def test_number_is_published_once(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str, together: bool
) -> None:
    """Whatever the build metadata; also where nobody takes uploads any more meanwhile."""
    from pulp_cargo.app.services.publish.commit import commit

    changes = [prepare(Crate(name, vers)) for vers in ("0.4.0", "0.4.0+25", "0.4.1+1")]
    commits = [changes] if together else [[one] for one in changes]
    refusals = [one for some in commits for one in commit(repository.pk, domain, some).refusals]
    assert [type(refusal) for refusal in refusals] == [type(None), VersionExists, type(None)]
    assert there(repository, name) == {"0.4.0", "0.4.1+1"}


def test_number_that_is_gone_stays_used_up(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """No other build of it is published, but the same one may come again."""
    from pulp_cargo.app.services.publish import named_versions
    from pulp_cargo.app.services.publish.commit import commit

    commit(repository.pk, domain, [prepare(Crate(name, "0.4.0"))])
    named_versions.remove(repository, [named(name, "0.4.0")])
    result = commit(
        repository.pk,
        domain,
        [prepare(Crate(name, "0.4.0+25")), prepare(Crate(name, "0.4.0"))],
    )
    assert [type(refusal) for refusal in result.refusals] == [VersionUsed, type(None)]


def test_cache_keeps_all_builds(
    repository: "CargoRepository", prepare: Prepare, domain: Any, name: str
) -> None:
    """In one commit and in several; each with a yank of its own."""
    from pulp_cargo.app.models import CrateYank
    from pulp_cargo.app.services.fetch.persist_changes import SetYanked
    from pulp_cargo.app.services.publish.commit import commit

    first, second, third = (
        prepare(Crate(name, vers)) for vers in ("0.4.0", "0.4.0+25", "0.4.0+26")
    )
    result = commit(repository.pk, domain, [kept(first), kept(second, yanked=True)])
    assert result.refusals == [None, None]
    result = commit(repository.pk, domain, [kept(second), kept(third)])
    assert result.refusals == [None, None]
    assert there(repository, name) == {"0.4.0", "0.4.0+25", "0.4.0+26"}

    def yanked() -> set[str]:
        marks = repository.latest_version().get_content(CrateYank.objects.all())
        return set(marks.values_list("vers", flat=True))

    assert yanked() == {"0.4.0+25"}
    key = first.unit.canonical_name
    commit(
        repository.pk,
        domain,
        [SetYanked((key, "0.4.0"), True), SetYanked((key, "0.4.0+25"), False)],
    )
    assert yanked() == {"0.4.0"}


def test_names_that_differ_in_hyphens_are_not_kept_beside_each_other(
    repository: "CargoRepository",
    prepare: Prepare,
    domain: Any,
    name: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A warning says of which crate there is nothing to be kept; builds of one crate cause none."""
    from pulp_cargo.app.services.process import ServiceState

    crates = [
        Crate(f"{name}-a", "0.4.0"),
        Crate(f"{name}_a", "0.5.0"),
        Crate(f"{name}-a", "0.4.0+25"),
    ]
    changes = [kept(prepare(crate)) for crate in crates]

    async def keep() -> None:
        keeping = ServiceState().cache.persist_queue
        for change in changes:
            keeping.put_change(repository.pk, domain, change)
        await keeping.join_all()

    asyncio.run(keep())
    assert there(repository, f"{name}-a") == {"0.4.0", "0.4.0+25"}
    assert there(repository, f"{name}_a") == set()
    assert [one for one in caplog.messages if "but not stored" in one] == [
        f"A crate of an upstream is sent to the client but not stored: the crate `{name}_a` cannot"
        f" be published because this registry has it as `{name}-a`; names that differ only in case,"
        " `-` or `_` are the same crate"
    ]


def test_cache_that_people_publish_to_meanwhile(
    repository: "CargoRepository",
    new_distribution: "NewList",
    prepare: Prepare,
    domain: Any,
    name: str,
) -> None:
    """What waited to be kept puts no second build beside what was published."""
    from pulp_cargo.app.services.publish.commit import commit

    new_distribution(repository=repository, allow_uploads=True)
    commit(repository.pk, domain, [prepare(Crate(name, "0.4.0"))])
    result = commit(repository.pk, domain, [kept(prepare(Crate(name, "0.4.0+25")))])
    assert [type(refusal) for refusal in result.refusals] == [VersionExists]


@pytest.mark.parametrize("use", ["uploads", "private"])
def test_copies_where_people_publish(
    repository: "CargoRepository",
    new_distribution: "NewList",
    new_crate: NewCrate,
    name: str,
    use: str,
) -> None:
    """No second build comes by `modify`, but one that was there before is nobody's fault."""
    from pulpcore.plugin.exceptions import ValidationError

    units = [new_crate(name, vers) for vers in ("0.4.0", "0.4.0+25", "0.4.0+26", "0.5.0+a")]
    add(repository, *units[:2])
    if use == "uploads":
        new_distribution(repository=repository, allow_uploads=True)
    else:
        new_distribution({"own": {"repository": repository, "remote": None, "private": True}})
    with pytest.raises(
        ValidationError, match="versions that differ only in build metadata are the same"
    ):
        add(repository, units[2])
    add(repository, units[3])
    with pytest.raises(
        ValidationError, match="versions that differ only in build metadata are the same"
    ):
        add(repository, new_crate(name, "0.5.0+b"))
    assert there(repository, name) == {"0.4.0", "0.4.0+25", "0.5.0+a"}


def test_copies_where_nobody_publishes(
    repository: "CargoRepository", new_distribution: "NewList", new_crate: NewCrate, name: str
) -> None:
    """All builds come, but each with one file, and in one spelling of the name."""
    from pulpcore.plugin.exceptions import ValidationError

    new_distribution(repository=repository, allow_uploads=False)
    add(repository, new_crate(name, "0.4.0+25"))
    add(repository, new_crate(name, "0.4.0"))
    with pytest.raises(ValidationError, match="each version can exist only once"):
        add(repository, new_crate(name, "0.4.0"))
    with pytest.raises(ValidationError, match="the same spelling of the name"):
        add(repository, new_crate(name.replace("-", "_").upper(), "0.6.0"))
    assert there(repository, name) == {"0.4.0", "0.4.0+25"}


def test_builds_are_named_exactly(
    repository: "CargoRepository", new_crate: NewCrate, name: str
) -> None:
    """One is removed or yanked, the other stays as it is."""
    from pulp_cargo.app.models import CrateYank
    from pulp_cargo.app.services.publish import named_versions

    add(repository, *(new_crate(name, vers) for vers in ("0.4.0", "0.4.0+25", "0.4.0+26")))
    for vers in ("0.4.0", "0.4.0+26"):
        named_versions.set_yanked(repository, named(name, vers), yanked=True)
    with pytest.raises(VersionsNotFound, match=r"`.* 0\.4\.0\+1` \(it has `.* 0\.4\.0`\)"):
        named_versions.remove(repository, [named(name, "0.4.0"), named(name, "0.4.0+1")])
    named_versions.remove(repository, [named(name, "0.4.0"), named(name, "0.4.0")])
    assert there(repository, name) == {"0.4.0+25", "0.4.0+26"}
    (mark,) = repository.latest_version().get_content(CrateYank.objects.all())
    assert mark.vers == "0.4.0+26"
    named_versions.set_yanked(repository, named(name, "0.4.0+25"), yanked=False)
    assert repository.latest_version().number == 4
    named_versions.set_yanked(repository, named(name, "0.4.0+26"), yanked=False)
    assert repository.latest_version().get_content(CrateYank.objects.all()).count() == 0


def test_index_file_has_all_builds(
    repository: "CargoRepository", new_distribution: "NewList", new_crate: NewCrate, name: str
) -> None:
    """In order of publication, then as cargo sorts them; one of them yanked."""
    import json
    from datetime import timedelta

    from pulp_cargo.app.queries.crates.index_file import index_file
    from pulp_cargo.app.services.publish import named_versions

    units = [new_crate(name, vers) for vers in ("0.4.0+26", "0.4.0+25", "0.4.0", "0.3.0+1")]
    for unit in units:
        unit.pubtime = units[0].pubtime
    units[3].pubtime += timedelta(days=1)
    for unit in units:
        unit.save()
    add(repository, *units)
    named_versions.set_yanked(repository, named(name, "0.4.0"), yanked=True)
    registry = registry_of(new_distribution(repository=repository))
    file = index_file(registry.content, registry.urls, name)
    assert file is not None
    lines = [json.loads(line) for line in file.body.splitlines()]
    assert [(line["vers"], line["yanked"]) for line in lines] == [
        ("0.4.0", True),
        ("0.4.0+25", False),
        ("0.4.0+26", False),
        ("0.3.0+1", False),
    ]


def test_stores_of_a_remote_know_the_yank_of_each_build(
    repository: "CargoRepository",
    new_distribution: "NewList",
    new_remote: "NewRemote",
    new_crate: NewCrate,
    name: str,
) -> None:
    """So that the upstream's yanks are followed for just the version that they are about."""
    from pulp_cargo.app.queries.upstreams.stores import stores_of
    from pulp_cargo.app.services.publish import named_versions

    remote = new_remote()
    new_distribution(repository=repository, remote=remote)
    unit = new_crate(name, "0.4.0")
    add(repository, unit, new_crate(name, "0.4.0+25"))
    named_versions.set_yanked(repository, named(name, "0.4.0+25"), yanked=True)
    (store,) = stores_of(remote.pk, unit.canonical_name)
    assert store.yanked == {"0.4.0": False, "0.4.0+25": True}


def test_marks_of_an_old_export(new_crate: NewCrate, domain: Any, name: str) -> None:
    """They name a number, and mean the version that came with them."""
    from tablib import Dataset

    from pulp_cargo.app.modelresource import CrateYankResource

    for one, vers in (("a", "1.0.0"), ("a", "1.0.0+b"), ("b", "1.0.0+c")):
        new_crate(f"{name}_{one}", vers)
    names = [f"{name}_{one}" for one in "abc"]
    rows = Dataset(*((one, "1.0.0") for one in names), headers=["canonical_name", "vers_key"])
    CrateYankResource(repo_version=None).before_import(rows)
    assert rows["vers"] == ["1.0.0", "1.0.0+c", "1.0.0"]


@pytest.mark.parametrize("follows", [False, True], ids=["modify", "sync"])
def test_other_bytes_for_a_removed_number(
    repository: "CargoRepository", new_crate: NewCrate, name: str, follows: bool
) -> None:
    """They are refused, except where an upstream is followed; the same bytes may come again.

    Other builds of the number are no others' bytes while they are there.
    """
    from pulpcore.plugin.exceptions import ValidationError
    from pulpcore.plugin.models import Content

    first, second = new_crate(name), new_crate(name)
    build = new_crate(name, "1.0.0+1")
    add(repository, first)
    add(repository, build)
    with repository.new_version() as version:
        version.remove_content(Content.objects.filter(pk=first.pk))
    with_second = repository.new_version(follows=follows)
    if follows:
        with with_second as version:
            version.add_content(Content.objects.filter(pk=second.pk))
    else:
        with pytest.raises(ValidationError, match="published here before"), with_second as version:
            version.add_content(Content.objects.filter(pk=second.pk))
        add(repository, first)
    assert there(repository, name) == {"1.0.0", "1.0.0+1"}


def test_other_bytes_do_not_replace_a_version(
    repository: "CargoRepository", new_crate: NewCrate, name: str
) -> None:
    """Neither in one step, nor from the version of another repository."""
    from pulpcore.plugin.exceptions import ValidationError
    from pulpcore.plugin.models import Content

    first, second = new_crate(name), new_crate(name)
    add(repository, first)
    with (
        pytest.raises(ValidationError, match="published here before"),
        repository.new_version() as version,
    ):
        version.remove_content(Content.objects.filter(pk=first.pk))
        version.add_content(Content.objects.filter(pk=second.pk))
    assert there(repository, name) == {"1.0.0"}
