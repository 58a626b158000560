"""crates.io's web API of a cache: it describes all that the index has, stored or not.

Renovate takes a 404 for a crate as a registry without this API, and does not ask again for a day;
cargo-vet fails if a version of the index is missing.
"""

from dataclasses import replace
from typing import Any

from pulp_cargo.tests.support.cache import Cache
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import PUBTIME, SparseUpstream, file_path

TEXTS = {"description": "Brews tea", "repository": "https://git.example/tea"}


def described(registry: Registry, path: str) -> Any:
    """Return what the web API has at a path below `crates/`."""
    answer = registry.get(f"api/v1/crates/{path}")
    assert answer.status == 200, answer
    return answer.json()


def test_versions_are_those_of_the_index(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """With numbers, checksums and yanks of the index; the texts are of the version that is stored."""
    crates = [Crate(name, vers, package=TEXTS) for vers in ("1.0.0", "1.1.0", "2.0.0")]
    upstream.have(*crates)
    assert cache.registry.download(name, "1.1.0").status == 200
    assert cache.keeps(f"{name} 1.1.0")
    found = described(cache.registry, name)
    assert [(one["num"], one["checksum"]) for one in found["versions"]] == [
        (one.vers, one.cksum(upstream.index_url)) for one in reversed(crates)
    ]
    newest, stored, _ = found["versions"]
    assert (stored["description"], newest["description"]) == ("Brews tea", None)
    assert stored["crate_size"] == len(crates[1].packed(upstream.index_url))
    assert newest["crate_size"] is None
    crate = found["crate"]
    assert (crate["max_version"], crate["num_versions"]) == ("2.0.0", 3)
    assert (crate["description"], crate["repository"]) == tuple(TEXTS.values())
    assert crate["versions"] == [one["id"] for one in found["versions"]]
    assert described(cache.registry, f"{name}/versions") == {
        "versions": found["versions"],
        "meta": {"total": 3, "next_page": None},
    }


def test_crate_that_nobody_has_downloaded(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """What the index tells of it, which is the only thing that the upstream is asked for."""
    deps = [Dep(name="leaf", alias="blatt", kind="build", optional=True)]
    crate = Crate(name, deps=deps, features={"big": ["dep:blatt"]})
    upstream.have(crate, replace(crate, vers="2.0.0"), rust_version="1.70", links="tea")
    version = described(cache.registry, f"{name}/1.0.0")["version"]
    assert (version["num"], version["checksum"]) == ("1.0.0", crate.cksum(upstream.index_url))
    assert (version["rust_version"], version["lib_links"]) == ("1.70", "tea")
    assert version["features"] == {"big": ["dep:blatt"]}
    assert version["created_at"] == PUBTIME.replace("Z", ".000000Z")
    (dep,) = described(cache.registry, f"{name}/1.0.0/dependencies")["dependencies"]
    assert (dep["crate_id"], dep["kind"], dep["optional"]) == ("leaf", "build", True)
    found = described(cache.registry, name)
    assert (found["crate"]["max_version"], found["crate"]["downloads"]) == ("2.0.0", 0)
    assert cache.registry.get(f"api/v1/crates/{name}/1.0.0/readme").status == 404
    assert cache.registry.get(f"api/v1/crates/{name}/3.0.0").status == 404
    assert not any(file_path(crate).rpartition("/1")[0] in path for path in upstream.paths(name))


def test_upstream_decides_what_is_yanked(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """Also before the store follows."""
    upstream.have(Crate(name))
    assert cache.registry.download(name).status == 200
    assert cache.keeps(f"{name} 1.0.0")
    upstream.have(Crate(name), yanked=True)
    found = described(cache.registry, name)
    assert [one["yanked"] for one in found["versions"]] == [True]
    assert (found["crate"]["yanked"], found["crate"]["max_version"]) == (True, "0.0.0")


def test_name_in_another_spelling(upstream: SparseUpstream, cache: Cache, name: str) -> None:
    """Any case, and hyphens for underscores or the reverse, as crates.io finds a crate."""
    upstream.have(Crate(f"{name}_Tea"))
    for asked in (f"{name}_Tea", f"{name}-tea", f"{name.upper()}_TEA"):
        assert described(cache.registry, asked)["crate"]["name"] == f"{name}_Tea"


def test_lines_that_cargo_skips_are_no_versions(
    upstream: SparseUpstream, cache: Cache, name: str
) -> None:
    """An upstream may have dependencies without a requirement, and keys left out."""
    good = f'{{"name":"{name}","vers":"1.0.0","deps":[],"cksum":"{"a" * 64}","yanked":null}}'
    bad = good.replace("1.0.0", "1.1.0").replace("[]", '[{"name":"leaf"}]')
    upstream.index(name, f"{good}\n{bad}\n".encode())
    (version,) = described(cache.registry, name)["versions"]
    assert (version["num"], version["features"], version["yanked"]) == ("1.0.0", {}, False)


def test_what_the_upstream_does_not_have(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """A 404 if it says so, or a 502 if it says nothing: then nobody knows."""
    assert own.registry.get(f"api/v1/crates/{name}").status == 404
    assert own.registry.get("api/v1/crates/con").status == 404
    upstream.have(Crate(name))
    with upstream.switched_off():
        answer = own.registry.get(f"api/v1/crates/{name}-b")
        assert (answer.status, "cannot be used now" in answer.detail) == (502, True)


def test_stored_versions_stand_in(upstream: SparseUpstream, own: Cache, name: str) -> None:
    """While the upstream is down, and its index file is no longer served."""
    upstream.have(Crate(name), Crate(name, "2.0.0"))
    assert own.registry.download(name).status == 200
    assert own.keeps(f"{name} 1.0.0")
    own.change(stale_for=0)
    with upstream.switched_off():
        found = described(own.registry, name)
    assert [one["num"] for one in found["versions"]] == ["1.0.0"]
