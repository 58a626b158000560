"""Promotions from one repository to another: what is copied, and what prevents it."""

import json
import secrets
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE
from pulp_cargo.tests.database.dependencies import AddCrate, dependency

if TYPE_CHECKING:
    from pulp_cargo.app.models import (
        CargoDistribution,
        CargoRepository,
    )
    from pulp_cargo.app.services.closure.promotion_plan import Plan
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote, NewRepository


@pytest.fixture
def dev(new_repository: "NewRepository") -> "CargoRepository":
    """The source."""
    return new_repository()


@pytest.fixture
def prod(new_repository: "NewRepository") -> "CargoRepository":
    """The target."""
    return new_repository()


def planned(
    source: "CargoRepository", target: "CargoRepository", *crates: str, closure: bool = True
) -> "Plan":
    """Return the plan of a promotion; a crate is `name vers`."""
    from pulp_cargo.app.services.closure.promotion_plan import plan
    from pulp_cargo.app.services.process import this_process

    advisories = this_process().services.cache.advisories
    return plan(advisories, source, target, _wanted(*crates), closure=closure)


def promoted(
    source: "CargoRepository", target: "CargoRepository", *crates: str, closure: bool = True
) -> list[str]:
    """Promote, and return what the target has then: yanked ones with `-`."""
    from pulp_cargo.app.services.closure.promote import promote
    from pulp_cargo.app.services.process import this_process

    advisories = this_process().services.cache.advisories
    promote(advisories, source, target, _wanted(*crates), closure=closure)
    return versions(target)


def _wanted(*crates: str) -> list[Any]:
    from pulp_cargo.app.queries.crates.by_name import NamedVersion
    from pulp_cargo.protocol.names import CrateName
    from pulp_cargo.protocol.semver import parse_version

    pairs = (crate.split() for crate in crates)
    return [NamedVersion(CrateName(name), parse_version(vers)) for name, vers in pairs]


def versions(repository: "CargoRepository") -> list[str]:
    """Return what a repository has."""
    from pulp_cargo.app.models import CrateContent, CrateYank

    newest = type(repository).objects.get(pk=repository.pk).latest_version()
    marks = newest.get_content(CrateYank.objects).values_list("canonical_name", "vers")
    yanked = set(marks)
    units = newest.get_content(CrateContent.objects)
    return sorted(
        f"{'-' if (one.canonical_name, one.vers) in yanked else ''}{one.name} {one.vers}"
        for one in units
    )


def copies(plan: "Plan") -> list[str]:
    """Return what a plan copies."""
    return sorted(f"{one.stored.name} {one.stored.vers}" for one in plan.copies)


def sentences(plan: "Plan") -> list[str]:
    """Return the problems of a plan."""
    return [one.sentence for one in plan.problems]


def test_promotion_copies_what_the_target_lacks(
    dev: "CargoRepository", prod: "CargoRepository", add_crate: AddCrate
) -> None:
    """In one version; a dependency that the target meets stays as it is, although there is a newer one."""
    add_crate(dev, "app 1.0.0", "lib ^1", "base ^1")
    add_crate(dev, "lib 1.0.0", "deep *")
    add_crate(dev, "lib 1.5.0", "deep *")
    add_crate(dev, "deep 0.3.0")
    add_crate(dev, "base 1.9.0")
    add_crate(dev, "other 1.0.0")
    add_crate(prod, "base 1.0.0")
    plan = planned(dev, prod, "app 1.0.0")
    assert copies(plan) == ["app 1.0.0", "deep 0.3.0", "lib 1.5.0"]
    assert plan.there == 1 and not plan.problems
    needed_by = {one.stored.name: str(one.needed_by or "") for one in plan.copies}
    assert needed_by == {"app": "", "lib": "app 1.0.0", "deep": "lib 1.5.0"}
    number = prod.latest_version().number
    assert promoted(dev, prod, "app 1.0.0") == [
        "app 1.0.0",
        "base 1.0.0",
        "deep 0.3.0",
        "lib 1.5.0",
    ]
    assert type(prod).objects.get(pk=prod.pk).latest_version().number == number + 1
    # Everything is there now.
    again = planned(dev, prod, "app 1.0.0")
    assert not again.copies and again.there == 4


def test_promotion_without_closure_copies_only_what_was_asked_for(
    dev: "CargoRepository", prod: "CargoRepository", add_crate: AddCrate
) -> None:
    """Also where two of them depend on each other."""
    add_crate(dev, "app 1.0.0", "lib ^1", "gone ^1")
    add_crate(dev, "lib 1.0.0")
    add_crate(dev, "lib 1.1.0")
    assert promoted(dev, prod, "app 1.0.0", "lib 1.0.0", closure=False) == [
        "app 1.0.0",
        "lib 1.0.0",
    ]


def test_promotion_names_everything_that_prevents_it(
    dev: "CargoRepository", prod: "CargoRepository", add_crate: AddCrate
) -> None:
    """Nothing is copied then."""
    from pulp_cargo.rules.promotion import CannotPromote

    add_crate(
        dev, "app 1.0.0", "gone ^1", "old ^2", "withdrawn ^1", "spelled-so ^1", "bare ^1", "was ^1"
    )
    add_crate(dev, "old 1.0.0")
    add_crate(dev, "withdrawn 1.0.0", yanked=True)
    add_crate(dev, "spelled-so 1.0.0")
    add_crate(dev, "bare 1.0.0", has_file=False)
    add_crate(dev, "was 1.0.0")
    add_crate(prod, "spelled_so 0.1.0")
    gone = add_crate(prod, "was 1.0.0")
    with prod.new_version() as version:
        version.remove_content(type(gone).objects.filter(pk=gone.pk))
    before = versions(prod)
    plan = planned(dev, prod, "app 1.0.0")
    assert sorted(sentences(plan)) == sorted(
        [
            f"`app 1.0.0` needs `gone ^1`, and `{dev.name}` has no such crate",
            f"`app 1.0.0` needs `old ^2`, and `{dev.name}` has only 1.0.0",
            f"`app 1.0.0` needs `withdrawn ^1`, and `{dev.name}` has only yanked versions of it",
            "`spelled-so 1.0.0`: the repository has the crate as `spelled_so`",
            f"`bare 1.0.0`: `{dev.name}` neither has its file nor an upstream to fetch it from",
            "`was 1.0.0`: the repository had this version with other bytes before",
        ]
    )
    with pytest.raises(CannotPromote, match=r"nothing was promoted: .*`gone"):
        promoted(dev, prod, "app 1.0.0")
    assert versions(prod) == before


def test_other_bytes_of_a_version_are_not_promoted(
    dev: "CargoRepository", prod: "CargoRepository", add_crate: AddCrate
) -> None:
    """Lock files have the checksum of those that the target has; the same bytes are there already."""
    cksum = secrets.token_hex(32)
    add_crate(dev, "app 1.0.0")
    add_crate(prod, "app 1.0.0")
    unit = add_crate(dev, "same 1.0.0", cksum=cksum)
    with prod.new_version() as version:
        version.add_content(type(unit).objects.filter(pk=unit.pk))
    assert sentences(planned(dev, prod, "app 1.0.0")) == [
        f"`app 1.0.0`: `{prod.name}` has this version with other bytes"
    ]
    plan = planned(dev, prod, "same 1.0.0")
    assert (copies(plan), plan.there, sentences(plan)) == ([], 1, [])


def test_a_yanked_version_is_promoted_only_by_name(
    dev: "CargoRepository", prod: "CargoRepository", add_crate: AddCrate
) -> None:
    """It stays yanked."""
    add_crate(dev, "app 1.0.0", "lib ^1")
    add_crate(dev, "lib 1.0.0")
    add_crate(dev, "lib 1.1.0", yanked=True)
    assert copies(planned(dev, prod, "app 1.0.0")) == ["app 1.0.0", "lib 1.0.0"]
    assert promoted(dev, prod, "lib 1.1.0") == ["-lib 1.1.0"]


def test_dependencies_on_the_source_mean_the_target_afterwards(
    dev: "CargoRepository",
    prod: "CargoRepository",
    add_crate: AddCrate,
    new_distribution: "NewList",
) -> None:
    """Crates name the registry that they were published to; people publish to none but the source."""
    from pulp_cargo.app.queries.registry.own_urls import own_urls
    from pulp_cargo.tests.database.upstreams import registry_of

    new_distribution(repository=dev, allow_uploads=True)
    served = new_distribution(repository=prod)
    url = sorted(own_urls(dev))[0]
    add_crate(dev, "app 1.0.0", dependency("lib ^1", registry=url))
    add_crate(dev, "lib 1.0.0")
    plan = planned(dev, prod, "app 1.0.0")
    assert copies(plan) == ["app 1.0.0", "lib 1.0.0"]
    assert plan.stands_in_for == tuple(sorted(own_urls(dev)))
    promoted(dev, prod, "app 1.0.0")
    line = json.loads(_index_file(served, "app"))
    assert [dep["registry"] for dep in line["deps"]] == [None]
    assert planned(dev, prod, "app 1.0.0").stands_in_for == ()
    # So they do in a list of upstreams that has the target, and in a copy, by a sync or an export.
    listed = new_distribution({"prod": {"repository": prod, "private": True}})
    assert set(own_urls(dev)) < set(registry_of(listed).urls.null)
    assert set(own_urls(dev)) < set(_urls_of_copies(served))
    assert _exported_urls(prod) == list(_urls_of_copies(served))


def test_dependencies_of_a_target_with_uploads_lead_to_the_source(
    dev: "CargoRepository",
    prod: "CargoRepository",
    add_crate: AddCrate,
    new_distribution: "NewList",
) -> None:
    """Published crates may depend on what only the source has, so the plan reports it instead."""
    from pulp_cargo.app.queries.registry.own_urls import own_urls

    new_distribution(repository=dev)
    new_distribution(repository=prod, allow_uploads=True)
    url = sorted(own_urls(dev))[0]
    add_crate(dev, "app 1.0.0", dependency("lib ^1", registry=url))
    add_crate(dev, "lib 1.0.0")
    plan = planned(dev, prod, "app 1.0.0")
    assert (copies(plan), plan.stands_in_for) == (["app 1.0.0"], ())
    assert [(one.registry, one.name) for one in plan.elsewhere] == [(url, "lib")]


def _urls_of_copies(distribution: "CargoDistribution") -> tuple[str, ...]:
    from pulp_cargo.tests.database.upstreams import registry_of

    return registry_of(distribution).urls.of_copies


def _exported_urls(repository: "CargoRepository") -> list[str]:
    from pulp_cargo.app.modelresource import RegistryUrlsResource

    newest = type(repository).objects.get(pk=repository.pk)
    resource = RegistryUrlsResource(newest.latest_version())
    return resource.dehydrate_index_aliases(newest)


def _index_file(distribution: "CargoDistribution", name: str) -> bytes:
    from pulp_cargo.app.queries.crates.index_file import index_file
    from pulp_cargo.tests.database.upstreams import registry_of

    registry = registry_of(distribution)
    found = index_file(registry.content, registry.urls, name)
    assert found is not None
    return found.body


def test_nothing_goes_beside_the_crates_of_a_remote(
    dev: "CargoRepository",
    prod: "CargoRepository",
    add_crate: AddCrate,
    new_distribution: "NewList",
    new_remote: "NewRemote",
) -> None:
    """Nor do crates of a remote go where people publish: they would claim names there."""
    from pulp_cargo.rules.promotion import CannotPromote

    add_crate(dev, "app 1.0.0")
    new_distribution(repository=dev, remote=new_remote())
    add_crate(prod, "ours 1.0.0")
    with pytest.raises(CannotPromote, match="stores crates of a remote"):
        planned(prod, dev, "ours 1.0.0")
    new_distribution(repository=prod, allow_uploads=True)
    with pytest.raises(CannotPromote, match="accepts uploads, where they would claim"):
        planned(dev, prod, "app 1.0.0")
    with pytest.raises(CannotPromote, match="both the source and the target"):
        planned(dev, dev, "app 1.0.0")


def test_crates_of_a_cache_are_promoted_with_what_they_need(
    dev: "CargoRepository",
    prod: "CargoRepository",
    add_crate: AddCrate,
    new_distribution: "NewList",
    new_remote: "NewRemote",
) -> None:
    """The target stands in for the upstream afterwards, as the store of the cache does."""
    new_distribution(repository=dev, remote=new_remote(CRATES_IO_SPARSE))
    served = new_distribution(repository=prod)
    add_crate(dev, "app 1.0.0", dependency("lib ^1", registry=CRATES_IO), registries=[])
    add_crate(dev, "lib 1.0.0")
    plan = planned(dev, prod, "app 1.0.0")
    assert copies(plan) == ["app 1.0.0", "lib 1.0.0"]
    assert {CRATES_IO, CRATES_IO_SPARSE} < set(plan.stands_in_for)
    assert promoted(dev, prod, "app 1.0.0") == ["app 1.0.0", "lib 1.0.0"]
    line = json.loads(_index_file(served, "app"))
    assert [dep["registry"] for dep in line["deps"]] == [None]


def test_crates_of_a_mirror_of_crates_io_are_promoted_with_what_they_need(
    new_repository: "NewRepository",
    prod: "CargoRepository",
    add_crate: AddCrate,
    new_distribution: "NewList",
    new_remote: "NewRemote",
) -> None:
    """Cargo uses the mirror in place of crates.io, which its lines name, and then the target."""
    dev = new_repository(remote=new_remote("https://github.com/rust-lang/crates.io-index"))
    served = new_distribution(repository=prod)
    add_crate(dev, "app 1.0.0", dependency("lib ^1", registry=CRATES_IO), registries=[CRATES_IO])
    add_crate(dev, "lib 1.0.0")
    plan = planned(dev, prod, "app 1.0.0")
    assert (copies(plan), plan.elsewhere) == (["app 1.0.0", "lib 1.0.0"], ())
    assert {CRATES_IO, CRATES_IO_SPARSE} < set(plan.stands_in_for)
    assert promoted(dev, prod, "app 1.0.0") == ["app 1.0.0", "lib 1.0.0"]
    line = json.loads(_index_file(served, "app"))
    assert [dep["registry"] for dep in line["deps"]] == [None]


def test_policy_of_the_target_decides(
    dev: "CargoRepository",
    prod: "CargoRepository",
    add_crate: AddCrate,
    new_distribution: "NewList",
    made: list[Any],
) -> None:
    """Each version that it refuses is named, with the policy."""
    from pulp_cargo.app.models import CargoCratePolicy

    policy = CargoCratePolicy.objects.create(
        name=f"db-{secrets.token_hex(5)}",
        licenses=["MIT"],
        block=[{"crate": "lib", "versions": "<1.1", "reason": "It leaks"}],
    )
    made.append(policy)
    new_distribution(repository=prod, crate_policy=policy)
    add_crate(dev, "app 1.0.0", "lib ^1", license="MIT")
    add_crate(dev, "lib 1.0.0", license="GPL-3.0-only")
    add_crate(dev, "free 1.0.0", license="GPL-3.0-only")
    refused = sentences(planned(dev, prod, "app 1.0.0", "free 1.0.0"))
    assert len(refused) == 2
    assert refused[0].startswith("`free 1.0.0`: ") and "GPL-3.0-only" in refused[0]
    assert refused[1].startswith("`lib 1.0.0`: ") and "It leaks" in refused[1]
    assert all(one.endswith(f"(policy `{policy.name}`)") for one in refused)


def test_a_wrong_name_is_refused(
    dev: "CargoRepository", prod: "CargoRepository", add_crate: AddCrate
) -> None:
    """In any spelling it is found."""
    from pulp_cargo.protocol.errors import VersionsNotFound

    add_crate(dev, "My-App 1.0.0")
    with pytest.raises(VersionsNotFound):
        planned(dev, prod, "my-app 1.0.1")
    assert copies(planned(dev, prod, "my_app 1.0.0")) == ["My-App 1.0.0"]


def test_queries_do_not_grow_with_the_closure(
    dev: "CargoRepository", prod: "CargoRepository", add_crate: AddCrate, sent: list[str]
) -> None:
    """As many rounds as the graph has levels, whatever their width."""
    add_crate(dev, "one 1.0.0", "dep0 *")
    add_crate(dev, "many 1.0.0", *(f"dep{n} *" for n in range(8)))
    for number in range(8):
        add_crate(dev, f"dep{number} 1.0.0")
    planned(dev, prod, "one 1.0.0")
    counts = []
    for name in ("one", "many"):
        sent.clear()
        planned(dev, prod, f"{name} 1.0.0")
        counts.append(len(sent))
    assert counts[0] == counts[1]
