"""Which upstream answers for a crate and why, and which names are private and upstream."""

import gzip
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from pulp_cargo.tests.database.upstreams import registry_of

if TYPE_CHECKING:
    from django.test import Client

    from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote, NewRepository

    AddCachedCrate = Callable[..., None]

CHECKED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
LINE = '{"name":"%s","vers":"%s","deps":[],"cksum":"%s","features":{},"yanked":false}\n'
CKSUM = "0" * 64
# In seconds, so that an answer of CHECKED is not due for a check.
LONG = 1_000_000_000


@pytest.fixture
def keep() -> "AddCachedCrate":
    """Stores the index file of a crate of a remote, as if it had been fetched; none is a 404."""
    from pulp_cargo.app.models import CargoRemote, UpstreamIndexFile

    def store(remote: "CargoRemote", name: str, *versions: str) -> None:
        CargoRemote.objects.filter(pk=remote.pk).update(index_max_age=LONG)
        body = "".join(LINE % (name, vers, CKSUM) for vers in versions).encode()
        UpstreamIndexFile.objects.create(
            remote=remote,
            name=name.lower(),
            canonical_name=name.lower().replace("-", "_"),
            gzipped=gzip.compress(body) if versions else None,
            digest="",
            checked_at=CHECKED,
        )

    return store


@pytest.fixture
def name() -> str:
    """A name that nobody has used."""
    return f"acme-{secrets.token_hex(4)}"


def explained(distribution: "CargoDistribution", name: str) -> dict[str, Any]:
    """Return what is said of a crate: rule, who answers, and of each upstream what it has."""
    from pulp_cargo.app.queries.names.explain import explain

    upstreams = registry_of(distribution).upstreams
    assert upstreams.order is not None
    told = explain(upstreams.listed, upstreams.order, name)
    of_each = {
        one.upstream: (one.asked, one.has, one.versions, one.checked_at) for one in told.upstreams
    }
    return {"rule": str(told.rule), "answers": told.answers, **of_each}


def test_replaced_version_is_held_until_somebody_accepts_it(
    new_remote: "NewRemote", new_distribution: "NewList", keep: "AddCachedCrate", name: str
) -> None:
    """Each that is not accepted has a sentence with both checksums."""
    from pulp_cargo.app.models import UpstreamIndexFile
    from pulp_cargo.app.queries.names.explain import explain
    from pulp_cargo.app.services.cache.replaced_versions import accept

    far = new_remote()
    upstreams = registry_of(new_distribution({"far": {"remote": far}})).upstreams
    keep(far, name, "1.0.0", "2.0.0")
    replaced = {"1.0.0": ["aa", "bb"], "2.0.0": ["cc", "dd"]}
    UpstreamIndexFile.objects.filter(remote=far).update(replaced=replaced)
    for vers, (before, now) in replaced.items():
        far.replaced_versions.create(
            name=name, vers=vers, cksum_before=before, cksum=now, found_at=CHECKED
        )
    accept(far, name, "2.0.0", "dd")
    assert upstreams.order is not None
    (told,) = explain(upstreams.listed, upstreams.order, name.upper()).upstreams
    assert told.replaced == (
        "`1.0.0` is served unchanged, with the checksum aa, until its new bytes, bb, are accepted",
    )


def test_first_that_has_the_crate_answers(
    new_remote: "NewRemote", new_distribution: "NewList", keep: "AddCachedCrate", name: str
) -> None:
    """By what is known of each remote here: nothing, that it has none, or how many versions."""
    first, second, third = new_remote(), new_remote(), new_remote()
    listed = new_distribution(
        {"first": {"remote": first}, "second": {"remote": second}, "third": {"remote": third}}
    )
    unknown = (True, None, None, None)
    assert explained(listed, name) == {
        "rule": "order",
        "answers": None,
        "first": unknown,
        "second": unknown,
        "third": unknown,
    }
    keep(first, name)
    keep(second, name, "1.0.0", "1.1.0")
    assert explained(listed, name.upper().replace("-", "_")) == {
        "rule": "order",
        "answers": ("second",),
        "first": (False, False, 0, CHECKED),
        "second": (True, True, 2, CHECKED),
        "third": (False, None, None, None),
    }


def test_outdated_answer_that_there_is_no_crate_does_not_count(
    new_remote: "NewRemote", new_distribution: "NewList", keep: "AddCachedCrate", name: str
) -> None:
    """The upstream has to be asked again before the next one answers for the name."""
    from pulp_cargo.app.models import CargoRemote

    first, second = new_remote(), new_remote()
    listed = new_distribution({"first": {"remote": first}, "second": {"remote": second}})
    keep(first, name)
    keep(second, name, "1.0.0")
    CargoRemote.objects.filter(pk=first.pk).update(index_max_age=60)
    assert explained(listed, name) == {
        "rule": "order",
        "answers": None,
        "first": (True, None, 0, CHECKED),
        "second": (True, True, 1, CHECKED),
    }


def test_claimed_name_is_not_asked_for_and_shown_where_it_is(
    repository: "CargoRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
    keep: "AddCachedCrate",
    name: str,
) -> None:
    """Also where the upstream was asked before the name was claimed."""
    far = new_remote()
    listed = new_distribution(
        {"far": {"remote": far}, "ours": {"repository": repository, "private": True}}
    )
    keep(far, name, "1.0.0")
    publish(repository, name)
    assert explained(listed, name) == {
        "rule": "claim",
        "answers": ("ours",),
        "far": (False, True, 1, CHECKED),
        "ours": (True, True, 1, None),
    }


def test_reserved_name_that_nobody_has_is_answered_by_nobody(
    repository: "CargoRepository", new_remote: "NewRemote", new_distribution: "NewList", name: str
) -> None:
    """The remote is not asked for it."""
    listed = new_distribution(
        {"far": {"remote": new_remote()}, "ours": {"repository": repository, "private": True}},
        reserved_names=["acme-*"],
    )
    assert explained(listed, name) == {
        "rule": "reserved",
        "answers": (),
        "far": (False, None, None, None),
        "ours": (False, False, 0, None),
    }


def test_spelling_that_the_upstream_has_counts(
    new_remote: "NewRemote", new_distribution: "NewList", keep: "AddCachedCrate", name: str
) -> None:
    """cargo asks for several spellings; the upstream knows one of them."""
    far = new_remote()
    listed = new_distribution({"far": {"remote": far}})
    keep(far, name, "1.0.0")
    keep(far, name.replace("-", "_"))
    assert explained(listed, name)["far"] == (True, True, 1, CHECKED)


def found(distribution: "CargoDistribution", **asked: Any) -> list[tuple[Any, ...]]:
    """Return names with the upstreams that have them."""
    from pulp_cargo.app.queries.names.collisions import collisions

    given = {"after": "", "limit": 100, **asked}
    return [
        (one.name, one.private, one.upstreams)
        for one in collisions(registry_of(distribution).upstreams.listed, **given)
    ]


def test_collisions_are_names_that_are_private_and_upstream(
    new_repository: "NewRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
    keep: "AddCachedCrate",
    name: str,
) -> None:
    """Whatever the spelling; not those of open repositories, of stores, or that upstream has no more."""
    ours, others, shared, store = (new_repository() for _ in range(4))
    far, near, elsewhere = new_remote(), new_remote(), new_remote()
    listed = new_distribution(
        {
            "ours": {"repository": ours, "private": True},
            "others": {"repository": others, "private": True},
            "shared": {"repository": shared, "private": False},
            "far": {"remote": far, "repository": store},
            "near": {"remote": near},
        }
    )
    publish(ours, f"{name}-a", f"{name}-b", f"{name}-gone", f"{name}-own")
    publish(others, f"{name}-a", f"{name}-elsewhere")
    publish(shared, f"{name}-shared")
    publish(store, f"{name}-shared")
    for end in ("a", "shared"):
        keep(far, f"{name}-{end}", "1.0.0")
    keep(near, f"{name}_A", "1.0.0")
    keep(near, f"{name}_b", "1.0.0")
    keep(far, f"{name}-gone")
    keep(elsewhere, f"{name}-elsewhere", "1.0.0")
    a = (f"{name}-a", ("others", "ours"), ("far", "near"))
    b = (f"{name}-b", ("ours",), ("near",))
    assert found(listed) == [a, b]
    assert found(listed, limit=1) == [a]
    assert found(listed, after=f"{name}-a".replace("-", "_")) == [b]


def test_names_that_the_asker_knows_to_be_upstream_are_compared(
    repository: "CargoRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
    keep: "AddCachedCrate",
    name: str,
) -> None:
    """Against the private names alone; what is kept of remotes is shown beside."""
    far = new_remote()
    listed = new_distribution(
        {"ours": {"repository": repository, "private": True}, "far": {"remote": far}}
    )
    publish(repository, f"{name}-a", f"{name}-b", f"{name}-c")
    keep(far, f"{name}-b", "1.0.0")
    keep(far, f"{name}-c", "1.0.0")
    names = [f"{name}_A", f"{name}-b", "serde"]
    assert found(listed, names=names) == [
        (f"{name}-a", ("ours",), ()),
        (f"{name}-b", ("ours",), ("far",)),
    ]


def test_reports_are_in_the_rest_api(
    client: "Client",
    repository: "CargoRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
    keep: "AddCachedCrate",
    name: str,
) -> None:
    """The explanation as a whole; the collisions in pages, or for names that are sent."""
    far = new_remote()
    listed = new_distribution(
        {"far": {"remote": far}, "ours": {"repository": repository, "private": True}}
    )
    publish(repository, f"{name}-a", f"{name}-b")
    for end in ("a", "b"):
        keep(far, f"{name}-{end}", "1.0.0")
    href = f"/pulp/api/v3/distributions/cargo/cargo/{listed.pk}/"
    assert client.get(f"{href}explain/", {"name": f"{name}-a"}).json() == {
        "name": f"{name}-a",
        "rule": "claim",
        "sentence": f"`{name}-a` is claimed by the private repository `ours`",
        "answers": ["ours"],
        "upstreams": [
            {
                "upstream": "far",
                "private": False,
                "asked": False,
                "reason": "not asked: the name is reserved for private repositories",
                "has": True,
                "versions": 1,
                "checked_at": "2026-01-02T03:04:05Z",
                "replaced": [],
            },
            {
                "upstream": "ours",
                "private": True,
                "asked": True,
                "reason": "has the crate",
                "has": True,
                "versions": 1,
                "checked_at": None,
                "replaced": [],
            },
        ],
    }
    a, b = ({"name": f"{name}-{end}", "private": ["ours"], "upstreams": ["far"]} for end in "ab")
    first = client.get(f"{href}collisions/", {"limit": 1}).json()
    assert first["results"] == [a]
    rest = client.get(f"{href}collisions/", {"after": first["next_after"]}).json()
    assert rest == {"results": [b], "next_after": None}
    shown = {"name": f"{name}-a", "fields": "rule,answers"}
    assert client.get(f"{href}explain/", shown).json() == {"rule": "claim", "answers": ["ours"]}
    assert client.get(f"{href}collisions/", {"exclude_fields": "next_after"}).json() == {
        "results": [a, b]
    }
    assert client.get(f"{href}config/", {"exclude_fields": "config"}).json() == {}
    sent = {"names": [f"{name}-b", "serde"]}
    told = client.post(f"{href}collisions/", sent, content_type="application/json").json()
    assert told == {"results": [b], "next_after": None}
