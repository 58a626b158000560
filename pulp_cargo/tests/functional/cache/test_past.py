"""A cache as it was at a time: what its upstream had published by then."""

import json
from dataclasses import replace

import pytest

from pulp_cargo.tests.functional.cache.conftest import CacheOf
from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream, file_path, index_line
from pulp_cargo.tests.support.stack import Stack

TIMES = {"1.0.0": "2025-01-01T00:00:00Z", "1.1.0": "2025-06-01T12:00:00Z", "2.0.0": None}


def at(registry: Registry, text: object) -> Registry:
    """Return a state of the past of a registry."""
    return replace(registry, index_url=f"{registry.index_url}@{text}/")


def publish_over_time(upstream: SparseUpstream, name: str, times: dict[str, str | None]) -> None:
    """Let an upstream have versions of a crate, published at these times."""
    lines = []
    for vers, time in times.items():
        crate = Crate(name, vers)
        line = index_line(crate, upstream.index_url) | {"pubtime": time}
        lines.append(json.dumps({key: value for key, value in line.items() if value is not None}))
        upstream.have(crate)
    upstream.index(name, "".join(f"{line}\n" for line in lines).encode())


def versions(registry: Registry, name: str) -> list[str]:
    """Return the versions in the index."""
    return [entry["vers"] for entry in registry.index(name)]


def test_index_ends_with_the_day(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """The lines are the upstream's own; a version whose time nobody knows is left out."""
    publish_over_time(upstream, name, TIMES)
    assert versions(cache.registry, name) == ["1.0.0", "1.1.0", "2.0.0"]
    whole = cache.registry.index_file(name).body
    assert at(cache.registry, "2025-06-01").index_file(name).body == b"".join(
        whole.splitlines(keepends=True)[:2]
    )
    assert versions(at(cache.registry, "2025-06-01T12:00:00Z"), name) == ["1.0.0", "1.1.0"]
    assert versions(at(cache.registry, "2025-06-01T11:59:59Z"), name) == ["1.0.0"]
    assert at(cache.registry, "2024-12-31").index_file(name).status == 404


def test_downloads_agree_with_the_index(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """A file that the state does not list is not there, stored or not; others are fetched."""
    publish_over_time(upstream, name, TIMES)
    past = at(cache.registry, "2025-01-01")
    assert past.get("config.json").json()["dl"] == f"{past.url}api/v1/crates"
    assert past.download(name).body == Crate(name).packed(upstream.index_url)
    assert past.download(name, "1.1.0").status == 404
    assert past.download(name, "2.0.0").status == 404
    assert cache.registry.download(name, "1.1.0").status == 200
    assert past.download(name, "1.1.0").status == 404
    assert not upstream.asked_for(file_path(Crate(name, "2.0.0")))


def test_version_without_a_time_counts_since_it_was_seen(
    stack: Stack, upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """The cache has noted when it first saw it."""
    publish_over_time(upstream, name, {"1.0.0": None})
    assert versions(own.registry, name) == ["1.0.0"]
    assert own.knows(name)
    with stack.connect() as connection:
        connection.execute(
            "UPDATE cargo_upstreamindexfile SET first_seen = %s WHERE name = %s",
            [json.dumps({"1.0.0": "2025-03-01T00:00:00+00:00"}), name],
        )
    assert versions(at(own.registry, "2025-03-01"), name) == ["1.0.0"]
    assert versions(at(own.registry, "2025-02-28"), name) == []


def test_stored_versions_stand_in(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """If the upstream has lost a crate, what is stored of it counts by its time."""
    publish_over_time(upstream, name, {"1.0.0": "2025-01-01T00:00:00Z", "1.1.0": TIMES["1.1.0"]})
    for vers in ("1.0.0", "1.1.0"):
        assert own.registry.download(name, vers).status == 200
    assert own.keeps(f"{name} 1.0.0", f"{name} 1.1.0")
    upstream.lose(name)
    assert versions(own.registry, name) == ["1.0.0", "1.1.0"]
    past = at(own.registry, "2025-01-01")
    assert versions(past, name) == ["1.0.0"]
    assert (past.download(name).status, past.download(name, "1.1.0").status) == (200, 404)


def test_number_and_label_mean_what_was_stored(
    upstream: SparseUpstream, own: Cache, name: str
) -> None:
    """Those versions are served without the upstream, which may be gone."""
    publish_over_time(upstream, name, TIMES)
    assert own.registry.download(name).status == 200
    assert own.keeps(f"{name} 1.0.0")
    number = own.version
    own.rest.post(f"{own.registry.repository}label_version/", label="release-7", number=number)
    with upstream.switched_off():
        for text in (number, "release-7"):
            past = at(own.registry, text)
            assert versions(past, name) == ["1.0.0"]
            assert past.download(name).body == Crate(name).packed(upstream.index_url)
            assert past.download(name, "1.1.0").status == 404


def test_policies_hold_in_the_past(
    upstream: SparseUpstream, cache_of: CacheOf, stack: Stack, name: str
) -> None:
    """As they are now: what is blocked today was never asked for by a build that is safe."""
    publish_over_time(upstream, name, {"1.0.0": TIMES["1.0.0"], "1.1.0": TIMES["1.1.0"]})
    cache = cache_of(upstream)
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    number = cache.version
    policy = stack.rest.need(
        "cargo/crate-policies/", name=unique("p"), block=[{"crate": name, "versions": "=1.0.0"}]
    )
    cache.change(crate_policy=policy["pulp_href"])
    dated, numbered = at(cache.registry, "2025-06-01"), at(cache.registry, number)
    assert versions(dated, name) == ["1.1.0"]
    assert versions(numbered, name) == []
    for past in (dated, numbered):
        answer = past.download(name)
        assert answer.status == 403, answer
        assert policy["name"] in answer.detail


@pytest.mark.parametrize(
    "path", ["crates/x", "api/v1/crates", "api/v1/crates/x", "search", "versions.jsonl", ""]
)
def test_what_a_time_does_not_have(cache: Cache, path: str) -> None:
    """Pages and lists describe what is stored now."""
    answer = at(cache.registry, "2025-06-01").get(path)
    assert answer.status == 404
    assert answer.detail == (
        f"there is no `{path}` for the state of a cache or a list of upstreams at a time: such a state"
        " has only config.json, config.toml, the index and downloads"
    )


def test_future_is_not_served(cache: Cache, name: str) -> None:
    """It would change."""
    answer = at(cache.registry, "9999-01-01").index_file(name)
    assert answer.status == 404
    assert "is in the future" in answer.detail


def test_configuration_replaces_the_same_upstream(upstream: SparseUpstream, cache: Cache) -> None:
    """So a build finds the past in the place of the upstream."""
    text = at(cache.registry, "2025-06-01").get("config.toml").body.decode()
    key = f"{cache.registry.name}-2025-06-01"
    assert f'[registries.{key}]\nindex = "{cache.registry.index_url}@2025-06-01/"\n' in text
    assert f'registry = "{upstream.index_url}"\nreplace-with = "{key}"\n' in text
