"""From which registry a dependency comes: null is "this one" in an index, and only there.

The author's Cargo.toml, the JSON of a publish, the packed manifest and the index each have another
notation for "nothing said" (Cargo Book, "Registry Index", `deps[].registry`).
"""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO_SPARSE
from pulp_cargo.tests.conftest import NothingStored
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.stack import Stack, through

OWN = Dep(name="own")
SERDE = Dep(name="serde", registry=CRATES_IO)
THIRD_URLS = [
    "sparse+https://other.example/index/",
    "https://github.com/somebody/index",
    "https://other.example/index.git",
    "ssh://git@other.example/index",
    "file:///srv/index",
    "sparse+https://crates.example.org/",
]


def registries(registry: Registry, name: str) -> dict[str, str | None]:
    """Return the registry of each dependency in the index."""
    return {dep["name"]: dep["registry"] for dep in registry.entry(name)["deps"]}


def test_three_origins_in_one_crate(registry: Registry, name: str):
    """Null for our own, crates.io's git URL letter by letter, a third one verbatim [22, 23, 24]."""
    third = Dep(name="third", registry=THIRD_URLS[0])
    registry.publish(Crate(name, deps=[OWN, SERDE, third]))
    assert registries(registry, name) == {"own": None, "serde": CRATES_IO, "third": THIRD_URLS[0]}


@pytest.mark.parametrize("url", THIRD_URLS)
def test_url_of_a_third_registry_is_verbatim(registry: Registry, name: str, url: str):
    """Cargo compares registries by their URLs [24]."""
    registry.publish(Crate(name, deps=[Dep(name="third", registry=url)]))
    assert registries(registry, name) == {"third": url}


def test_crates_io_is_never_this_registry(registry: Registry, name: str):
    """The packed manifest has no key for it, the index must have the URL [23]."""
    crate = Crate(name, deps=[SERDE], json_changes={"deps": []})
    assert b"registry" not in crate.manifest(registry.index_url)
    registry.publish(crate)
    assert registries(registry, name) == {"serde": CRATES_IO}


def test_own_url_in_the_json_is_null_in_the_index(registry: Registry, name: str):
    """Also where cargo did not recognise it as ours and wrote it into the JSON [25]."""
    registry.publish(Crate(name, deps=[Dep(name="own", registry=registry.index_url)]))
    assert registries(registry, name) == {"own": None}


def test_other_name_of_this_machine_is_this_registry(registry: Registry, name: str):
    """Publishing through 127.0.0.1 what was declared through localhost, and the other way [25]."""
    localhost = through(registry, "localhost")
    registry.publish(Crate(f"{name}-a", deps=[Dep(name="own", registry=localhost.index_url)]))
    localhost.publish(Crate(f"{name}-b", deps=[OWN]))
    localhost.publish(Crate(f"{name}-c", deps=[Dep(name="own", registry=registry.index_url)]))
    for letter in "abc":
        assert registries(registry, f"{name}-{letter}") == {"own": None}


@pytest.fixture(scope="module")
def pair(stack: Stack) -> Sequence[Registry]:
    """Two distributions of one repository."""
    first = stack.make_registry()
    return first, stack.make_registry(of=first)


def test_second_distribution_is_the_same_registry(pair: Sequence[Registry], name: str):
    """Whichever is published through, declared through and read through [25]."""
    one, two = pair
    for number, (publisher, declared) in enumerate([(one, two), (two, one), (one, one)]):
        crate = f"{name}-{number}"
        publisher.publish(Crate(crate, deps=[Dep(name="own", registry=declared.index_url), SERDE]))
        for reader in pair:
            assert registries(reader, crate) == {"own": None, "serde": CRATES_IO}


def test_copied_crate_keeps_the_origin_of_its_dependencies(
    stack: Stack, registry: Registry, name: str
):
    """In another repository null would mean something else, so there the URL is written [22]."""
    registry.publish(Crate(name, deps=[OWN, SERDE]))
    unit = stack.rest.list("content/cargo/crates/", name=name)[0]["pulp_href"]
    other = stack.make_registry()
    stack.rest.post(f"{other.repository}modify/", add_content_units=[unit])
    assert registries(other, name) == {"own": registry.index_url, "serde": CRATES_IO}
    assert registries(registry, name) == {"own": None, "serde": CRATES_IO}


def test_alias_that_is_named(stack: Stack, name: str):
    """A registry that moved keeps its old URL for what was published before [25]."""
    old = "sparse+https://old.example/crates/"
    registry = stack.make_registry(repository={"index_aliases": [old]})
    registry.publish(Crate(name, deps=[Dep(name="own", registry=old)]))
    assert registries(registry, name) == {"own": None}


def test_alias_named_later_holds_for_what_is_there(stack: Stack, name: str):
    """The origin is stored as an absolute URL, so its meaning can be corrected [25]."""
    old = "sparse+https://old.example/crates/"
    registry = stack.make_registry()
    registry.publish(Crate(name, deps=[Dep(name="own", registry=old)]))
    assert registries(registry, name) == {"own": old}
    stack.rest.set(registry.repository, index_aliases=[old])
    assert registries(registry, name) == {"own": None}


@pytest.mark.parametrize("url", ["sparse+https://other.example/index/", "same path"])
def test_publisher_cannot_claim_a_foreign_url(
    registry: Registry, nothing: NothingStored, name: str, url: str
):
    """JSON without a registry and a manifest with another's: nobody may redirect by that [25, 93].

    Not even for the same path on another host, which may be another company's registry.
    """
    foreign = url.replace("same path", f"sparse+https://x.example{urlsplit(registry.url).path}")
    crate = Crate(name, deps=[Dep(name="own", registry=foreign)])
    said = [{**crate.deps[0].in_json(), "registry": None}]
    with nothing(registry, name):
        answer = registry.send(Crate(name, deps=crate.deps, json_changes={"deps": said}))
        assert (answer.status, foreign in answer.detail) == (400, True)
        assert "ask somebody who may change the repository to add this URL" in answer.detail


def test_renamed_dependencies_of_every_kind(registry: Registry, name: str):
    """Kind, target and alias do not hide whose registry it is [21, 22, 26]."""
    deps = [
        Dep(name="own", alias="ours"),
        Dep(name="own", kind="dev"),
        Dep(name="own", kind="build", target="cfg(windows)"),
        Dep(name="own", alias="theirs", registry=CRATES_IO),
    ]
    registry.publish(Crate(name, deps=deps))
    found = [(dep["name"], dep["kind"], dep["registry"]) for dep in registry.entry(name)["deps"]]
    assert found == [
        ("ours", "normal", None),
        ("own", "build", None),
        ("own", "dev", None),
        ("theirs", "normal", CRATES_IO),
    ]


def test_published_crates_outlive_their_registrys_url(stack: Stack, name: str):
    """The URL stands in their manifests for ever, and goes on meaning the registry (§6.5)."""
    before = stack.make_registry()
    before.publish(Crate(name, deps=[OWN]))
    (found,) = stack.rest.list("distributions/cargo/cargo/", base_path=before.name)
    stack.rest.set(found["pulp_href"], base_path=f"{before.name}-renamed")
    after = replace(
        before, index_url=before.index_url.replace(before.name, f"{before.name}-renamed")
    )
    assert registries(after, name) == {"own": None}
    after.publish(Crate(f"{name}-new", deps=[OWN]))
    assert registries(after, f"{name}-new") == {"own": None}


def test_url_that_another_registry_has_now_means_that_one(stack: Stack, name: str):
    """A base path that is used again is not this registry any more, whatever it was [22, 24]."""
    first = stack.make_registry()
    old_url, base_path = first.index_url, first.name
    (found,) = stack.rest.list("distributions/cargo/cargo/", base_path=base_path)
    stack.rest.set(found["pulp_href"], base_path=f"{base_path}-new", name=f"{base_path}-new")
    stack.make_registry(base_path=base_path)
    renamed = replace(first, index_url=old_url.replace(base_path, f"{base_path}-new"))
    renamed.publish(Crate(name, deps=[Dep(name="theirs", registry=old_url), OWN]))
    assert registries(renamed, name) == {"theirs": old_url, "own": None}


def test_registries_that_a_cache_stands_in_for_are_null(stack: Stack, name: str):
    """In what is served from our repositories, too: crates.io by either URL, any other by its own."""
    plain = stack.make_registry()
    far = THIRD_URLS[0]
    plain.publish(Crate(name, deps=[SERDE, Dep(name="third", registry=far)]))
    version = stack.rest.get(plain.repository)["latest_version_href"]
    for url, wanted in (
        (CRATES_IO_SPARSE, {"serde": None, "third": far}),
        (far, {"serde": CRATES_IO, "third": None}),
    ):
        remote = stack.rest.need("remotes/cargo/cargo/", name=unique("up"), url=url)["pulp_href"]
        base_path = unique("cache")
        fields = {"base_path": base_path, "repository_version": version, "remote": remote}
        made = stack.rest.need("distributions/cargo/cargo/", name=base_path, **fields)
        cache = replace(plain, index_url=made["base_url"])
        assert registries(cache, name) == wanted
    assert registries(plain, name) == {"serde": CRATES_IO, "third": far}
