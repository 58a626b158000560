"""What a replica of another Pulp leaves as it is here."""

import secrets
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository

URL = "sparse+https://crates.example/pulp/cargo/r/"


@pytest.mark.parametrize("same", ["name", "base_path", "repository"])
def test_cache_is_no_place_for_a_copy(repository: "CargoRepository", same: str) -> None:
    """Both Pulps have one of crates.io; it goes on to serve all of that, and is not removed."""
    from pulp_cargo.app.models import CargoDistribution, CargoRemote
    from pulp_cargo.app.replica import CargoReplicator

    parts = {key: f"db-{secrets.token_hex(5)}" for key in ("name", "base_path")}
    remote = CargoRemote.objects.create(name=f"{parts['name']}-up", url=CRATES_IO_SPARSE)
    cache = CargoDistribution.objects.create(repository=repository, remote=remote, **parts)
    theirs = {"name": "theirs", "base_path": "theirs", "repository": "/pulp/api/v3/…/"}
    theirs |= {
        "name": {"name": cache.name},
        "base_path": {"base_path": cache.base_path},
        "repository": {"name": repository.name},
    }[same]
    replicator = CargoReplicator(None, None, {}, SimpleNamespace(policy="all"))
    try:
        assert replicator.create_or_update_remote(theirs) is None
        assert {cache.name, repository.name, remote.name} <= replicator.left_alone
        remote.refresh_from_db()
        assert remote.url == CRATES_IO_SPARSE
    finally:
        cache.delete()
        remote.delete()


THEIRS = {
    "repository": "/pulp/api/v3/…/",
    "base_url": URL,
    "auth_required": False,
    "content_guard": None,
}


def replicator_of(domain: Any) -> Any:
    """Return what a replication of a domain does."""
    from pulp_cargo.app.replica import CargoReplicator

    server = SimpleNamespace(
        pk="1", policy="all", base_url="https://crates.example", remote_policy=None
    )
    made = CargoReplicator(None, None, {}, server)
    made.domain = domain
    # No Pulp is asked: its repositories have no labelled versions.
    made.repository_ctx_cls = lambda *args, **kwargs: SimpleNamespace(
        version_labels=lambda limit: []
    )
    return made


def user_of(remote: Any, kind: str, new_repository: Any, new_distribution: Any) -> Any:
    """Return a new object that fetches from a remote."""
    match kind:
        case "cache":
            return new_distribution(remote=remote, repository=new_repository())
        case "streamed cache":
            return new_distribution(remote=remote)
        case "list":
            entry = {"repository": new_repository(), "remote": remote, "pins": [], "private": False}
            return new_distribution({"one": entry})
    return new_repository(remote=remote)


@pytest.mark.parametrize("label", [{}, {"UpstreamPulp": "1"}], ids=["ours", "replicated"])
@pytest.mark.parametrize("kind", ["cache", "streamed cache", "list", "sync"])
def test_remote_of_something_else_keeps_its_url(
    new_remote: Any,
    new_repository: Any,
    new_distribution: Any,
    domain: Any,
    kind: str,
    label: dict[str, str],
) -> None:
    """An upstream's distribution may have the name of a remote here; their crates are not its own."""
    remote = new_remote(CRATES_IO_SPARSE)
    remote.pulp_labels = label
    remote.save()
    user_of(remote, kind, new_repository, new_distribution)
    replicator = replicator_of(domain)
    theirs = {**THEIRS, "name": remote.name, "base_path": remote.name}
    assert replicator.create_or_update_remote(theirs) is None
    assert remote.name in replicator.left_alone
    remote.refresh_from_db()
    assert remote.url == CRATES_IO_SPARSE


def test_repository_that_is_no_copy_is_left_alone(
    new_repository: Any, new_crate: Any, domain: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A mirror would remove what is in there; an empty repository or a copy is used."""
    from pulpcore.plugin.models import Content

    from pulp_cargo.app.models import CargoRemote

    ours, copy, empty = (new_repository() for _ in range(3))
    for repository in (ours, copy):
        with repository.new_version() as version:
            crate = new_crate(f"x{secrets.token_hex(5)}")
            version.add_content(Content.objects.filter(pk=crate.pk))
    copy.pulp_labels = {"UpstreamPulp": "1"}
    copy.save()
    replicator = replicator_of(domain)
    for repository, is_copied in ((ours, False), (copy, True), (empty, True)):
        theirs = {**THEIRS, "name": repository.name, "base_path": repository.name}
        made = replicator.create_or_update_remote(theirs)
        try:
            assert (made is not None) is is_copied
            assert (repository.name in replicator.left_alone) is not is_copied
        finally:
            CargoRemote.objects.filter(name=repository.name).delete()
    assert (
        f"`{ours.name}` is not replicated: this Pulp has a repository of this name that is not a copy"
        in caplog.text
    )


def test_cache_that_stores_nothing_is_not_replicated(
    domain: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """It has nothing to copy; nothing is made here."""
    from pulp_cargo.app.models import CargoRemote

    name = f"db-{secrets.token_hex(5)}"
    theirs = {**THEIRS, "name": name, "base_path": name, "repository": None, "remote": "/…/"}
    assert replicator_of(domain).create_or_update_remote(theirs) is None
    assert not CargoRemote.objects.filter(name=name).exists()
    assert f"`{name}` is not replicated: it is a cache that stores nothing" in caplog.text


@pytest.mark.parametrize(("url", "goes"), [(URL, False), ("sparse+https://old.example/r/", True)])
def test_token_of_a_remote_is_for_its_url(domain: Any, url: str, goes: bool) -> None:
    """As username and password are: an upstream may name any address as that of a registry."""
    from pulp_cargo.app.models import CargoRemote
    from pulp_cargo.app.replica import CargoReplicator

    upstream = SimpleNamespace(base_url="https://pulp.example", remote_policy="on_demand")
    replicator = CargoReplicator(None, None, {}, upstream)
    replicator.domain = domain
    name = f"db-{secrets.token_hex(5)}"
    remote = CargoRemote.objects.create(name=name, url=url, token="secret")
    told = {"name": name, "base_url": URL, "auth_required": True, "content_guard": None}
    try:
        cleared = {"username": None, "password": None, "token": None}
        assert replicator.remote_extra_fields(told) == (cleared if goes else {})
    finally:
        remote.delete()
