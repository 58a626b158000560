"""What a crate policy refuses is not shown either: in search, web API, pages and feeds."""

from typing import Any

import pytest

from pulp_cargo.tests.functional.cache.policies.conftest import Policy, lines
from pulp_cargo.tests.functional.cache.policies.test_doors import (
    RULES,
    Door,
    of_list,
    of_store,
    of_version,
)
from pulp_cargo.tests.functional.pages.conftest import HTML
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.cache import Cache, make_cache
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack

# Words of the texts of good and bad versions, and one that is in the readmes of the bad ones only.
GOOD, BAD, README = "gingerbread", "quicksand", "treacle"
BAD_VERSION = "1.1.0"


def of_cache(stack: Stack, cache: Cache) -> Registry:
    """The cache itself."""
    return cache.registry


def version(name: str, vers: str, word: str, *deps: str) -> Crate:
    """Return a version whose texts have a word; bad ones have another licence, and the readme."""
    is_bad = word == BAD
    package = {
        "license": "GPL-3.0-only" if is_bad else "MIT",
        "description": f"Much {word}.",
        "keywords": [word],
        "categories": [f"{word}-category"],
        "homepage": f"https://{word}.example/",
        "readme": "README.md",
    }
    files = {"README.md": f"# {README if is_bad else 'Plain'}".encode(), "src/lib.rs": b""}
    return Crate(name, vers, package=package, files=files, deps=[Dep(name=one) for one in deps])


@pytest.fixture
def own(stack: Stack, upstream: SparseUpstream, name: str) -> Cache:
    """A cache with a crate of which one version is bad, one that is all bad, and one that it needs."""
    own = make_cache(stack, upstream.index_url)
    crates = [
        version(name, "1.0.0", GOOD),
        version(name, BAD_VERSION, BAD, f"{name}-base"),
        version(f"{name}-gone", BAD_VERSION, BAD),
        version(f"{name}-base", "1.0.0", GOOD),
    ]
    upstream.have(*crates[:2])
    for crate in crates[2:]:
        upstream.have(crate)
    for crate in crates:
        assert own.registry.download(crate.name, crate.vers).status == 200
    assert own.keeps(*(f"{crate.name} {crate.vers}" for crate in crates))
    return own


def shown(registry: Registry, name: str) -> dict[str, str]:
    """Return everything that a registry shows of its crates, by its path; all of it must be there."""
    paths = [
        f"api/v1/crates?q={name}&per_page=100",
        f"api/v1/crates/{name}",
        f"api/v1/crates/{name}/versions",
        f"api/v1/crates/{name}/1.0.0",
        f"api/v1/crates/{name}/1.0.0/dependencies",
        f"api/v1/crates/{name}-base/reverse_dependencies",
        "api/v1/keywords",
        "api/v1/categories",
        "api/v1/summary",
        "rss/crates.xml",
        "rss/updates.xml",
        f"rss/crates/{name}.xml",
        "",
        f"search?q={name}",
        f"crates/{name}",
        f"crates/{name}/1.0.0",
        f"crates/{name}/versions",
        f"crates/{name}-base",
        f"crates/{name}-base/dependents",
    ]
    found = {}
    for path in paths:
        is_page = not path.startswith(("api/", "rss/"))
        answer = registry.get(path, **({"Accept": HTML} if is_page else {}))
        assert answer.status == 200, path
        found[path] = answer.body.decode()
    return found


def about_bad(registry: Registry, name: str) -> dict[str, int]:
    """Return the status of what is about bad versions alone, by its path."""
    api = [
        f"{name}/{BAD_VERSION}",
        f"{name}/{BAD_VERSION}/dependencies",
        f"{name}/{BAD_VERSION}/readme",
        f"{name}-gone",
        f"{name}-gone/versions",
    ]
    pages = [
        f"{name}/{BAD_VERSION}",
        f"{name}/{BAD_VERSION}/files",
        f"{name}/{BAD_VERSION}/source/src/lib.rs",
        f"{name}/diff/1.0.0..{BAD_VERSION}",
        f"{name}-gone",
        f"{name}-gone/versions",
    ]
    paths = [
        *(f"api/v1/crates/{one}" for one in api),
        f"api/v1/keywords/{BAD}",
        f"api/v1/categories/{BAD}-category",
        f"rss/crates/{name}-gone.xml",
        *(f"crates/{one}" for one in pages),
    ]
    return {path: registry.get(path).status for path in paths}


def hits(stack: Stack, registry: Registry, **query: str) -> list[list[str]]:
    """Return the crates that match, by the web API and by the REST API."""
    text = "&".join(f"{key}={value}" for key, value in query.items())
    found = registry.get(f"api/v1/crates?{text}").json()
    rest = stack.rest.get(f"{registry.href}search/", **query)
    pairs = [(found["crates"], found["meta"]["total"]), (rest["results"], rest["count"])]
    assert all(len(crates) == total for crates, total in pairs)
    return [sorted(one["name"] for one in crates) for crates, _ in pairs]


@pytest.mark.parametrize("door", [of_cache, of_store, of_version, of_list])
def test_refused_version_is_shown_nowhere(
    stack: Stack, own: Cache, policy: Policy, name: str, door: Door
) -> None:
    """Neither itself, nor its texts for its crate; and nothing is found or counted by it."""
    registry = door(stack, own)
    before = shown(registry, name)
    assert any(BAD in text for text in before.values())
    assert set(about_bad(registry, name).values()) == {200}
    everything = [name, f"{name}-base", f"{name}-gone"]
    bad = [name, f"{name}-gone"]
    assert hits(stack, registry, q=name) == [everything] * 2
    for query in ({"q": README}, {"q": BAD}, {"keyword": BAD}, {"category": f"{BAD}-category"}):
        assert hits(stack, registry, **query) == [bad] * 2, query
    made = policy(block=lines("nothing-like-it"))
    stack.rest.set(own.remote, crate_policy=made["pulp_href"])
    none: dict[str, Any] = {"block": [], "allow": None, "licenses": None}
    for rules in RULES:
        stack.rest.set(made["pulp_href"], **(none | rules))
        for path, text in shown(registry, name).items():
            for word in (BAD, README, BAD_VERSION, f"{name}-gone"):
                assert word not in text, path
        assert set(about_bad(registry, name).values()) == {404}
        for query in ({"q": README}, {"q": BAD}, {"keyword": BAD}, {"category": f"{BAD}-category"}):
            assert hits(stack, registry, **query) == [[]] * 2, query
        assert hits(stack, registry, q=GOOD) == [[name, f"{name}-base"]] * 2
        assert registry.get("api/v1/summary").json()["num_crates"] == 2
        needed_by = registry.get(f"api/v1/crates/{name}-base/reverse_dependencies").json()
        assert (needed_by["dependencies"], needed_by["meta"]["total"]) == ([], 0)
    stack.rest.set(made["pulp_href"], dry_run=True)
    after = shown(registry, name)
    assert {path for path, text in after.items() if BAD in text} == {
        path for path, text in before.items() if BAD in text
    }


def test_downloads_of_a_refused_version_are_among_the_others(
    own: Cache, policy: Policy, name: str
) -> None:
    """They are counted before the policy comes into force, and written some seconds later."""
    counts = f"{own.registry.href}version_downloads/"
    assert launcher.wait_for(lambda: len(own.rest.list(counts, name=name)) == 2)
    own.rest.set(
        own.remote, crate_policy=policy(block=lines("*", versions=f"={BAD_VERSION}"))["pulp_href"]
    )
    page = shown(own.registry, name)[f"crates/{name}"]
    assert BAD_VERSION not in page
    assert "2 in all" in page and "others: 1" in page


def test_crate_that_is_refused_is_not_that_of_the_next_upstream(
    stack: Stack, own: Cache, policy: Policy, name: str
) -> None:
    """The first upstream that has a crate answers for it, in search as in the index."""
    below = stack.make_registry()
    below.publish(version(f"{name}-gone", "0.1.0", GOOD))
    registry = of_list(stack, own)
    entries = stack.rest.get(registry.href)["upstreams"]
    entries.append({"name": "below", "repository": below.repository, "private": False})
    stack.rest.set(registry.href, upstreams=entries)
    made = policy(block=lines("*", versions=f"={BAD_VERSION}"))
    stack.rest.set(own.remote, crate_policy=made["pulp_href"])
    assert registry.index(f"{name}-gone") == []
    assert hits(stack, registry, q=name) == [[name, f"{name}-base"]] * 2
    assert registry.get(f"api/v1/crates/{name}-gone").status == 404
