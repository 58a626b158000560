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
