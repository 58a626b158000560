"""The catalog of a repository says what its served version has, however the repository changed."""

import random
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction

from pulp_cargo.tests.database.upstreams import registry_of

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository, CrateContent
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote

Row = tuple[str, str, int, bool]


def described(repository: UUID, version: UUID, *, pinned: bool = False) -> set[Row]:
    """The name, `max_version`, number of versions and `yanked` of each crate, by the catalog."""
    from pulp_cargo.app.models import CatalogCrate
    from pulp_cargo.app.queries.catalog import Content
    from pulp_cargo.app.services.catalog.refresh import catalog_of

    catalog = catalog_of(Content(repository, version, pinned))
    columns = ("name", "max_version", "num_versions", "yanked")
    return set(CatalogCrate.objects.filter(catalog=catalog).values_list(*columns))


def counted(repository: UUID) -> tuple[int, dict[tuple[str, str], int]]:
    """The number of crates of a repository's catalog, and of those of each keyword and category.

    The catalog's own counts must be the numbers of these.
    """
    from pulp_cargo.app.models import CatalogTag, CrateCatalog

    catalog = CrateCatalog.objects.get(repository=repository, version=None)
    rows = CatalogTag.objects.filter(catalog=catalog).values_list("kind", "tag", "crates")
    tags = {(kind, tag): crates for kind, tag, crates in rows}
    for kind in ("keywords", "categories"):
        assert getattr(catalog, kind) == sum(one == kind for one, _ in tags)
    return catalog.crates, tags


def write(
    repository: "CargoRepository", added: "list[Any]", removed: "list[Any] | None" = None
) -> UUID:
    """Write a version by the plugin's own statements, and return its id."""
    from pulp_cargo.app.models import version_rows
    from pulp_cargo.app.models.repository import lock
    from pulp_cargo.app.queries.repository import head as heads

    with transaction.atomic():
        lock(repository.pk)
        head = heads.read(repository.pk, heads.ask(repository.pk))
        assert head is not None
        return version_rows.write(
            repository.pk,
            head.version,
            head.next_number,
            added=[unit.pk for unit in added],
            removed=[unit.pk for unit in removed or []],
        ).pk


def yank(name: str, vers: str) -> Any:
    """Save a yank mark."""
    from pulp_cargo.app.models import CrateYank

    canonical = name.lower().replace("-", "_")
    return CrateYank.objects.get_or_create(canonical_name=canonical, vers=vers)[0]


def test_crate_is_described_by_its_default_version(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """The highest release describes a crate; the one published last is its newest."""
    from pulp_cargo.app.models import CatalogCrate
    from pulp_cargo.app.queries.catalog import Content
    from pulp_cargo.app.services.catalog.refresh import catalog_of

    name = f"Cat-{secrets.token_hex(3)}"
    units = [
        new_crate(name, "1.10.0", description="The tenth", keywords=["ten"]),
        new_crate(name, "1.9.0", description="The ninth"),
        new_crate(name, "2.0.0-rc.1", description="A candidate"),
    ]
    version = write(repository, units)
    crate = CatalogCrate.objects.get(catalog=catalog_of(Content(repository.pk, version, False)))
    assert (crate.name, crate.canonical_name) == (name, name.lower().replace("-", "_"))
    assert (crate.default_version, crate.description) == ("1.10.0", "The tenth")
    assert (crate.max_version, crate.max_stable) == ("2.0.0-rc.1", "1.10.0")
    assert (crate.newest_version, crate.num_versions) == ("2.0.0-rc.1", 3)
    assert (crate.unit, crate.keywords, crate.yanked) == (units[0].pk, ["ten"], False)
    assert crate.created_at == units[0].pubtime
    assert crate.updated_at == units[2].pubtime


def test_yanks_and_removals_change_what_is_described(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """A crate with yanked versions alone stays, one without versions goes."""
    name = f"cat-{secrets.token_hex(3)}"
    one, two = new_crate(name, "1.0.0"), new_crate(name, "2.0.0")
    mark, other = yank(name, "2.0.0"), yank(name, "1.0.0")
    version = write(repository, [one, two])
    assert described(repository.pk, version) == {(name, "2.0.0", 2, False)}
    version = write(repository, [mark])
    assert described(repository.pk, version) == {(name, "1.0.0", 2, False)}
    version = write(repository, [other])
    assert described(repository.pk, version) == {(name, "", 2, True)}
    version = write(repository, [], [mark, two, other])
    assert described(repository.pk, version) == {(name, "1.0.0", 1, False)}
    version = write(repository, [], [one])
    assert described(repository.pk, version) == set()


def test_any_history_ends_with_the_same_catalog(
    new_repository: Callable[..., "CargoRepository"], new_crate: Callable[..., "CrateContent"]
) -> None:
    """Asked for now and then, between clean-ups and deletions, it says what one made anew says."""
    from pulp_cargo.app.models import CrateCatalog, retention

    for seed in range(5):
        dice = random.Random(seed)
        names = [f"cat-{secrets.token_hex(3)}" for _ in range(4)]
        units = [
            new_crate(
                name,
                vers,
                keywords=dice.sample(["a", "A", "b", "c", "d"], 3),
                categories=dice.sample(["a", "x", "y"], 1),
            )
            for name in names
            for vers in ("1.0.0", "1.1.0")
        ]
        repository = new_repository()
        members: set[Any] = set()
        for step in range(40):
            changed = set(dice.sample(units, dice.randint(1, 3)))
            version = write(repository, list(changed - members), list(changed & members))
            members ^= changed
            if dice.random() < 0.3:
                there = described(repository.pk, version)
                assert {name for name, *_ in there} == {unit.name for unit in members}
            if dice.random() < 0.2:
                repository.retain_repo_versions = dice.randint(1, 4)
                retention.trim(repository)
            others = list(repository.versions.complete().exclude(pk=version))
            if step % 13 == 12 and others:
                dice.choice(others).delete()
        updated = described(repository.pk, version)
        counts = counted(repository.pk)
        assert counts[0] == len(updated)
        CrateCatalog.objects.filter(repository=repository).delete()
        assert described(repository.pk, version) == updated
        assert counted(repository.pk) == counts


def test_tag_counts_each_crate_once(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """By the default version of the crate, in lower case; very long words do not count."""
    name, long = f"cat-{secrets.token_hex(3)}", secrets.token_hex(2_000)
    version = write(
        repository,
        [
            new_crate(name, "1.0.0", keywords=["old"]),
            new_crate(name, "1.1.0", keywords=["Draw", "draw", long], categories=["draw"]),
            new_crate(f"{name}-b", keywords=["draw"], categories=[long]),
        ],
    )
    described(repository.pk, version)
    assert counted(repository.pk) == (2, {("keywords", "draw"): 2, ("categories", "draw"): 1})


def test_long_texts_are_searched_in_part(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """What PostgreSQL could not index would make every search of the registry fail."""
    name = f"cat-{secrets.token_hex(3)}"
    words = [secrets.token_hex(4) for _ in range(200_000)]
    text = " ".join(words)
    unit = new_crate(name, description=text, readme=text, keywords=words[:100_000])
    version = write(repository, [unit])
    assert described(repository.pk, version) == {(name, "1.0.0", 1, False)}
    assert len(counted(repository.pk)[1]) == 100


def test_tags_and_summary_do_not_read_all_crates(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """PostgreSQL reads what it shows from an index, where that is cheaper than to sort all."""
    from django.db import connection, transaction

    from pulp_cargo.app.queries import search, tags
    from pulp_cargo.protocol.web_api.search import Sort

    stem = f"cat-{secrets.token_hex(3)}"
    crates = [new_crate(f"{stem}-{n}", keywords=[f"{stem}-{n}"]) for n in range(300)]
    version = write(repository, crates)
    described(repository.pk, version)
    catalog = catalog_id(repository.pk)
    values = {"catalog": catalog, "catalogs": [catalog], "kind": "keywords"}
    values |= {"limit": 10, "most": 10, "offset": 0}
    statements = [tags.TAGS.format(kind="keywords", order=order) for order in tags.ORDERS.values()]
    orders = (search.ORDERS[sort] for sort in (Sort.ALPHABETICAL, Sort.NEW, Sort.RECENT_UPDATES))
    statements += [search.LISTED.format(order=order) for order in orders]
    with transaction.atomic(), connection.cursor() as cursor:
        # So few crates are sorted more quickly.
        for way in ("seqscan", "bitmapscan", "sort"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        for statement in statements:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values)
            (plan,) = cursor.fetchone()[0]
            assert most_rows(plan["Plan"]) < 100, statement


def most_rows(plan: dict[str, Any]) -> int:
    """The most rows that a node of a plan has returned."""
    below = (most_rows(one) for one in plan.get("Plans", ()))
    return max([plan["Actual Rows"] * plan["Actual Loops"], *below])


def catalog_id(repository: UUID) -> int:
    """The id of the catalog of a repository's newest version."""
    from pulp_cargo.app.models import CrateCatalog

    return int(CrateCatalog.objects.get(repository=repository, version=None).pk)


def test_newest_version_that_is_deleted(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """A roll-back by deletion takes what the deleted version had out of the catalog."""
    from pulpcore.plugin.models import RepositoryVersion

    names = [f"cat-{secrets.token_hex(3)}" for _ in range(2)]
    first = write(repository, [new_crate(names[0])])
    second = write(repository, [new_crate(names[1])])
    assert {row[0] for row in described(repository.pk, second)} == set(names)
    RepositoryVersion.objects.get(pk=second).delete()
    assert {row[0] for row in described(repository.pk, first)} == {names[0]}


def test_pinned_version_has_a_catalog_of_its_own(
    repository: "CargoRepository", new_crate: Callable[..., "CrateContent"]
) -> None:
    """A registry of an older version finds what that has, whatever the newest one has."""
    names = [f"cat-{secrets.token_hex(3)}" for _ in range(2)]
    old = new_crate(names[0])
    first = write(repository, [old])
    second = write(repository, [new_crate(names[1])], [old])
    assert described(repository.pk, first, pinned=True) == {(names[0], "1.0.0", 1, False)}
    assert described(repository.pk, second) == {(names[1], "1.0.0", 1, False)}
    assert described(repository.pk, first, pinned=True) == {(names[0], "1.0.0", 1, False)}


def test_registry_with_a_policy_has_a_catalog_of_its_own(
    repository: "CargoRepository",
    new_crate: Callable[..., "CrateContent"],
    new_remote: "NewRemote",
    new_distribution: "NewList",
) -> None:
    """It changes with the repository and with the policy, and is removed when there is no policy."""
    from pulp_cargo.app.models import CargoCratePolicy, CatalogCrate, CrateCatalog
    from pulp_cargo.app.services.catalog import served

    names = sorted(f"cat-{secrets.token_hex(3)}" for _ in range(3))
    blocked = [{"crate": names[1], "versions": "*", "reason": "no"}]
    policy = CargoCratePolicy.objects.create(name=names[0], block=blocked)
    fields = {"remote": new_remote(), "repository": repository}
    cache = new_distribution(**fields, crate_policy=policy)
    other = new_distribution(**fields)

    def shown(distribution: "CargoDistribution") -> list[str]:
        registry = registry_of(distribution)
        served.update(registry)
        (catalog,) = [one.catalog for one in served.served_catalogs(registry)]
        crates = CatalogCrate.objects.filter(catalog=catalog, num_versions__gt=0)
        return sorted(crates.values_list("name", flat=True))

    write(repository, [new_crate(names[0]), new_crate(names[1])])
    assert (shown(cache), shown(other)) == (names[:1], names[:2])
    write(repository, [new_crate(names[2])])
    assert (shown(cache), shown(other)) == ([names[0], names[2]], names)
    policy.block = [{**blocked[0], "crate": names[0]}]
    policy.save()
    assert (shown(cache), shown(other)) == (names[1:], names)
    assert CrateCatalog.objects.filter(registry=cache).count() == 1
    cache.crate_policy = None
    cache.save()
    assert shown(cache) == names
    assert not CrateCatalog.objects.filter(registry=cache).exists()
    policy.delete()
