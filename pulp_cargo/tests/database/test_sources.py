"""What a registry has from its upstreams: looked up in few queries, and by which URLs it means them."""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

import psycopg
import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE
from pulp_cargo.rules.upstream_order import Answer, Order, OrderedUpstream, Rule
from pulp_cargo.tests.database.upstreams import FAR, registry_of

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoDistribution, CargoRepository
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote, NewRepository


def test_list_is_looked_up_as_it_was_set(
    new_repository: "NewRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
) -> None:
    """Each upstream with the newest version of its repository; the order has the rules."""
    from pulp_cargo.app.queries.upstreams.upstreams import (
        RemoteUpstream,
        RepositoryUpstream,
    )

    ours, store, remote = new_repository(), new_repository(), new_remote()
    version = publish(ours, "acme-core")
    upstreams = registry_of(
        new_distribution(
            {
                "ours": {"repository": ours, "private": True, "pins": ["acme-*"]},
                "far": {"remote": remote, "repository": store, "patterns": ["serde*"]},
                "bare": {"remote": new_remote()},
            },
            reserved_names=["internal-*"],
            mixed_names=["log"],
        )
    ).upstreams
    assert upstreams.order == Order(
        (
            OrderedUpstream("ours", pins=("acme-*",), private=True),
            OrderedUpstream("far", patterns=("serde*",)),
            OrderedUpstream("bare"),
        ),
        reserved=("internal-*",),
        mixed=("log",),
    )
    seen = [(s.name, s.repository, s.version, s.number, s.private) for s in upstreams.listed]
    assert seen == [
        ("ours", ours.pk, version, 1, True),
        ("far", store.pk, store.latest_version().pk, 0, False),
        ("bare", None, None, 0, False),
    ]
    assert [s.remote.url for s in upstreams.listed if isinstance(s, RemoteUpstream)] == [FAR, FAR]
    assert isinstance(upstreams.listed[0], RepositoryUpstream)


def test_cache_and_plain_registry_have_no_order(
    new_repository: "NewRepository", new_remote: "NewRemote", new_distribution: "NewList"
) -> None:
    """A cache has one source; a plain registry, and whatever is pinned to a version, has none."""
    repository, remote = new_repository(), new_remote()
    cache = new_distribution(repository=repository, remote=remote)
    pinned = new_distribution(repository_version=repository.latest_version(), remote=remote)
    plain = new_distribution(repository=repository)
    found = [registry_of(one).upstreams for one in (cache, pinned, plain)]
    assert [len(one.listed) for one in found] == [1, 0, 0]
    assert {one.order for one in found} == {None}


@pytest.mark.parametrize("is_list", [False, True])
def test_repository_that_takes_uploads_keeps_nothing_of_a_remote(
    new_repository: "NewRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
    caplog: pytest.LogCaptureFixture,
    *,
    is_list: bool,
) -> None:
    """Rows from before that was refused: an upstream's crates would be served as published ones."""
    from pulp_cargo.app.queries.upstreams import stores
    from pulp_cargo.app.queries.upstreams.upstreams import RemoteUpstream

    shared, remote = new_repository(), new_remote()
    kept: dict[str, Any] = {"remote": remote, "repository": shared}
    cache = new_distribution({"far": kept}) if is_list else new_distribution(**kept)
    name = f"tool{secrets.token_hex(4)}"
    publish(shared, name)
    for is_open, repository in ((False, shared.pk), (True, None)):
        if is_open:
            new_distribution(repository=shared, allow_uploads=True)
        (source,) = registry_of(cache).upstreams.listed
        assert isinstance(source, RemoteUpstream)
        assert (source.repository, source.version is None) == (repository, is_open)
        assert len(stores.stores_of(remote.pk, name)) == (not is_open)
    assert f"The registry {cache.name} stores no crates of its remote" in caplog.text


def counting_cursor() -> Any:
    """Return a class of cursors that notes what they execute."""

    class Counting(psycopg.Cursor[Any]):
        """A cursor of psycopg's."""

        statements: ClassVar[list[object]] = []

        def execute(self, query: Any, *values: Any, **options: Any) -> Any:
            """Execute a statement."""
            self.statements.append(query)
            return super().execute(query, *values, **options)

    return Counting


def test_long_list_takes_the_queries_of_a_short_one(
    new_repository: "NewRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many repositories and remotes there are, and for a claim it is one."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from pulp_cargo.app.queries.names import claims

    counts = []
    for length in (1, 9):
        entries: dict[str, dict[str, Any]] = {}
        for number in range(length):
            entries[f"ours{number}"] = {"repository": new_repository(), "private": True}
            entries[f"far{number}"] = {"remote": new_remote(), "repository": new_repository()}
        distribution = new_distribution(entries)
        with CaptureQueriesContext(connection) as looked_up:
            registry = registry_of(distribution)
        counts.append(len(looked_up))
    assert counts[0] == counts[1] < 12
    # Django does not see this one, which is prepared.
    monkeypatch.setattr(psycopg, "Cursor", counting := counting_cursor())
    answer = claims.who_may_answer(registry.upstreams, "serde")
    assert answer is not None and len(answer.ask) == 9
    assert len(counting.statements) == 1


def ask(distribution: "CargoDistribution", name: str) -> Answer:
    """Return who may answer for a crate at this moment."""
    from pulp_cargo.app.queries.names import claims

    answer = claims.who_may_answer(registry_of(distribution).upstreams, name)
    assert answer is not None
    return answer


def test_name_is_claimed_from_the_first_publish_on(
    repository: "CargoRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
) -> None:
    """In every list that has the repository, whatever the spelling, and however old the look-up is."""
    from pulp_cargo.app.queries.names import claims

    listed = new_distribution(
        {"far": {"remote": new_remote()}, "ours": {"repository": repository, "private": True}}
    )
    before = registry_of(listed).upstreams
    name = f"acme-{secrets.token_hex(4)}"
    assert ask(listed, name).ask == ("far",)
    publish(repository, name)
    for spelling in (name, name.upper(), name.replace("-", "_")):
        answer = claims.who_may_answer(before, spelling)
        assert answer is not None
        assert (answer.rule, answer.ask) == (Rule.CLAIM, ("ours",))


def test_open_repository_claims_nothing(
    new_repository: "NewRepository",
    new_remote: "NewRemote",
    new_distribution: "NewList",
    publish: Callable[..., UUID],
) -> None:
    """It answers in its turn; whether a remote has the crate is not looked up, even in its store."""
    shared, store = new_repository(), new_repository()
    far = {"remote": new_remote(), "repository": store}
    listed = new_distribution({"far": far, "shared": {"repository": shared, "private": False}})
    name = f"tool{secrets.token_hex(4)}"
    publish(shared, name)
    publish(store, name)
    answer = ask(listed, name)
    assert (answer.rule, answer.ask) == (Rule.ORDER, ("far", "shared"))


def test_what_a_list_mirrors_is_null_in_its_index(
    new_repository: "NewRepository", new_remote: "NewRemote", new_distribution: "NewList"
) -> None:
    """crates.io by both of its URLs, other remotes, and the registries of its own repositories."""
    ours, others = new_repository(), new_repository()
    plain = new_distribution(repository=others)
    io, far, some = (
        new_remote(CRATES_IO_SPARSE),
        new_remote(),
        new_remote("sparse+https://s.example/"),
    )
    entries = {
        "ours": {"repository": ours, "private": True},
        "others": {"repository": others, "private": True},
        "io": {"remote": io},
        "far": {"remote": far},
        "some": {"remote": some, "patterns": ["some-*"]},
    }
    urls = registry_of(new_distribution(entries, repository=ours, allow_uploads=True)).urls
    named = [urls.index, plain.index_url, FAR.removesuffix("/"), CRATES_IO_SPARSE]
    strange = ["sparse+https://s.example/", "sparse+https://elsewhere.example/"]
    assert urls.null_in([*named, *strange]) == [*named, CRATES_IO]


def test_what_a_list_mirrors_is_not_its_own(
    new_repository: "NewRepository", new_remote: "NewRemote", new_distribution: "NewList"
) -> None:
    """Publishers could otherwise make the URL of another registry mean the one they publish to."""
    ours, others = new_repository(), new_repository()
    plain, hers = new_distribution(repository=ours), new_distribution(repository=others)
    entries = {
        "ours": {"repository": ours, "private": True},
        "others": {"repository": others, "private": True},
        "io": {"remote": new_remote(CRATES_IO_SPARSE)},
        "far": {"remote": new_remote()},
    }
    urls = registry_of(new_distribution(entries, repository=ours, allow_uploads=True)).urls
    assert urls.is_own(urls.index) and urls.is_own(plain.index_url)
    for url in (hers.index_url, FAR, CRATES_IO, CRATES_IO_SPARSE):
        assert not urls.is_own(url)


def test_list_is_another_registry_than_the_repository_that_takes_its_uploads(
    repository: "CargoRepository", new_distribution: "NewList"
) -> None:
    """A crate may depend on one that only the list has; read elsewhere, that must lead to the list."""
    from pulp_cargo.app.models.registry_urls import add_aliases

    plain = new_distribution(repository=repository)
    entries = {"ours": {"repository": repository, "private": True}}
    listed = new_distribution(entries, repository=repository, allow_uploads=True)
    # As a publish through the list does.
    add_aliases(repository.pk, [listed.index_url])
    assert registry_of(listed).urls.null_in([listed.index_url, plain.index_url]) == [
        listed.index_url,
        plain.index_url,
    ]
    assert registry_of(plain).urls.null_in([listed.index_url, plain.index_url]) == [plain.index_url]


def test_cache_mirrors_its_remote(
    repository: "CargoRepository", new_remote: "NewRemote", new_distribution: "NewList"
) -> None:
    """Also where it is pinned to a version, and a registry of what it has kept does."""
    io = new_remote(CRATES_IO_SPARSE)
    cache = new_distribution(repository=repository, remote=io)
    pinned = new_distribution(repository_version=repository.latest_version(), remote=io)
    kept = new_distribution(repository=repository)
    nulls = [registry_of(one).urls.null_in([FAR]) for one in (cache, pinned, kept)]
    assert nulls == [[CRATES_IO], [CRATES_IO], [CRATES_IO]]


def test_what_is_published_mirrors_nothing(
    new_repository: "Callable[..., CargoRepository]",
    new_remote: "NewRemote",
    new_distribution: "NewList",
) -> None:
    """Crates that people publish may depend on more of crates.io than a cache has kept."""
    alone, shared = new_repository(), new_repository()
    plain = new_distribution(repository=alone)
    # Rows from before such a pair was refused.
    new_distribution(repository=shared, remote=new_remote(CRATES_IO_SPARSE))
    published = new_distribution(repository=shared, allow_uploads=True)
    nulls = [registry_of(one).urls.null_in([FAR]) for one in (plain, published)]
    assert nulls == [[], []]
