"""crates.io's web API about one crate, as tools ask it that are given another host."""

import hashlib
import secrets
import time

import pytest

from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import CRATES_IO, Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

README = b"# Shapes\n\nDraws <script>alert(1)</script> shapes.\n"


@pytest.fixture(scope="module")
def shop(stack: Stack) -> Registry:
    """A registry with a crate of three versions, one of them yanked, and two that need it."""
    registry = stack.make_registry()
    package = {
        "description": "Draws shapes",
        "license": "MIT",
        "keywords": ["Draw"],
        "homepage": "https://shapes.example",
        "repository": "https://git.example/shapes",
        "rust-version": "1.70",
        "readme": "README.md",
    }
    # Bytes that no other registry has, so that the versions have times of their own.
    files = {"src/lib.rs": secrets.token_bytes(8), "README.md": README}
    for vers in ("1.0.0", "1.10.0", "1.9.0"):
        # Times have whole seconds.
        time.sleep(1)
        registry.publish(Crate("Shapes", vers, package=package, files=files, features={"big": []}))
    registry.yank("Shapes", "1.10.0")
    deps = [Dep(name="Shapes", features=["big"], optional=True, kind="build")]
    registry.publish(Crate("canvas", deps=[Dep(name="Shapes", alias="forms")]))
    registry.publish(Crate("board", deps=deps))
    registry.publish(Crate("board", "2.0.0"))
    return registry


def test_crate(shop: Registry):
    """The crate object, with all versions from the highest to the lowest [111]."""
    answer = shop.get("api/v1/crates/shapes").json()
    crate = answer["crate"]
    assert (crate["id"], crate["max_version"], crate["newest_version"]) == (
        "Shapes",
        "1.9.0",
        "1.9.0",
    )
    assert (crate["num_versions"], crate["default_version"]) == (3, "1.9.0")
    assert [one["num"] for one in answer["versions"]] == ["1.10.0", "1.9.0", "1.0.0"]
    assert [one["id"] for one in answer["versions"]] == crate["versions"]
    assert [(one["id"], one["crates_cnt"]) for one in answer["keywords"]] == [("draw", 1)]
    assert answer["categories"] == []


def test_parts_of_a_crate(shop: Registry):
    """`include` leaves out what is not named, and refuses what it does not know.

    Renovate names nothing, since it wants the crate object alone.
    """
    answer = shop.get("api/v1/crates/Shapes?include=").json()
    assert answer["crate"]["versions"] is None
    assert [answer[key] for key in ("versions", "keywords", "categories")] == [None] * 3
    full = shop.get("api/v1/crates/Shapes?include=full").json()
    assert full == shop.get("api/v1/crates/Shapes").json()
    answer = shop.get("api/v1/crates/Shapes?include=keywords").json()
    assert (answer["versions"], answer["categories"]) == (None, None)
    assert len(answer["keywords"]) == 1
    answer = shop.get("api/v1/crates/Shapes?include=default_version").json()
    assert [one["num"] for one in answer["versions"]] == ["1.9.0"]
    refused = shop.get("api/v1/crates/Shapes?include=owners")
    assert (refused.status, refused.detail) == (
        400,
        "`include` names 'owners'; it may name badges, categories, default_version, downloads,"
        " full, keywords, versions",
    )


def test_version(shop: Registry):
    """The version object has every key of crates.io's; what is not known is null."""
    version = shop.get("api/v1/crates/Shapes/1.0.0").json()["version"]
    file = shop.download("Shapes").body
    assert isinstance(version.pop("id"), int)
    assert version.pop("created_at") == version.pop("updated_at")
    path = "/api/v1/crates/Shapes/1.0.0"
    assert version == {
        "crate": "Shapes",
        "num": "1.0.0",
        "dl_path": f"{path}/download",
        "readme_path": f"{path}/readme",
        "downloads": 0,
        "features": {"big": []},
        "yanked": False,
        "yank_message": None,
        "lib_links": None,
        "license": "MIT",
        "crate_size": len(file),
        "checksum": hashlib.sha256(file).hexdigest(),
        "rust_version": "1.70",
        "edition": "2021",
        "has_lib": None,
        "bin_names": None,
        "description": "Draws shapes",
        "homepage": "https://shapes.example",
        "documentation": None,
        "repository": "https://git.example/shapes",
        "published_by": None,
        "audit_actions": [],
        "trustpub_data": None,
        "linecounts": None,
        "links": {
            "dependencies": f"{path}/dependencies",
            "version_downloads": f"{path}/downloads",
            "authors": f"{path}/authors",
        },
    }
    assert shop.get("api/v1/crates/Shapes/1.10.0").json()["version"]["yanked"] is True


def test_versions(shop: Registry):
    """All of them, or some by number, by date or by page."""

    def numbers(query: str) -> list[str]:
        answer = shop.get(f"api/v1/crates/Shapes/versions{query}").json()
        return [one["num"] for one in answer["versions"]]

    assert numbers("") == ["1.10.0", "1.9.0", "1.0.0"]
    assert numbers("?sort=date") == ["1.9.0", "1.10.0", "1.0.0"]
    assert numbers("?nums[]=1.0.0&nums[]=1.9.0") == ["1.9.0", "1.0.0"]
    assert numbers("?per_page=2") == ["1.10.0", "1.9.0"]
    assert numbers("?per_page=2&page=2") == ["1.0.0"]
    assert numbers("?per_page=1&seek=") == ["1.10.0"]
    for query in ("sort=size", "page=1&seek=", "seek=MTAx", "per_page=2&seek=MTAx", "include=full"):
        assert shop.get(f"api/v1/crates/Shapes/versions?{query}").status == 400


def test_release_tracks(shop: Registry):
    """The highest release of each major version that is not yanked, if they are asked for."""
    meta = shop.get("api/v1/crates/Shapes/versions?include=release_tracks&per_page=1").json()[
        "meta"
    ]
    assert meta["release_tracks"] == {"1": {"highest": "1.9.0"}}
    assert "release_tracks" not in shop.get("api/v1/crates/Shapes/versions").json()["meta"]


def test_dependencies(shop: Registry):
    """Crates by their own names, with what the manifest asks of them."""
    (dep,) = shop.get("api/v1/crates/board/1.0.0/dependencies").json()["dependencies"]
    version = shop.get("api/v1/crates/board/1.0.0").json()["version"]["id"]
    assert dep == {
        "id": version + 1,
        "version_id": version,
        "crate_id": "Shapes",
        "req": "^1",
        "optional": True,
        "default_features": True,
        "features": ["big"],
        "target": None,
        "kind": "build",
        "downloads": 0,
    }
    (dep,) = shop.get("api/v1/crates/canvas/1.0.0/dependencies").json()["dependencies"]
    assert dep["crate_id"] == "Shapes"


def test_reverse_dependencies(shop: Registry):
    """Crates whose default version needs this one; an old version that did does not count."""
    answer = shop.get("api/v1/crates/shapes/reverse_dependencies").json()
    assert [one["crate"] for one in answer["versions"]] == ["canvas"]
    assert [one["version_id"] for one in answer["dependencies"]] == [answer["versions"][0]["id"]]
    assert answer["meta"] == {"total": 1}


def test_dependents_need_the_crate_of_this_registry(stack: Stack):
    """A crate of the same name on crates.io or elsewhere is another one; any own URL means this."""
    registry = stack.make_registry()
    other = stack.make_registry(of=registry)
    for name, where in (
        ("ours", None),
        ("alike", other.index_url),
        ("theirs", CRATES_IO),
        ("third", "sparse+https://r.example/i/"),
    ):
        registry.publish(Crate(name, deps=[Dep(name="leaf", registry=where)]))
    both = [Dep(name="leaf"), Dep(name="leaf", alias="public", registry=CRATES_IO)]
    registry.publish(Crate("both", deps=both))
    registry.publish(Crate("leaf"))
    answer = registry.get("api/v1/crates/leaf/reverse_dependencies").json()
    assert [one["crate"] for one in answer["versions"]] == ["alike", "both", "ours"]
    assert len(answer["dependencies"]) == 3
    assert answer["meta"] == {"total": 3}


def test_dependents_have_their_downloads(stack: Stack):
    """Those of the version that needs the crate, and with the dependency those of its crate."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    for vers in ("1.0.0", "1.1.0"):
        registry.publish(Crate("Needs-It", vers, deps=[Dep(name="leaf")]))
    registry.publish(Crate("unused", deps=[Dep(name="leaf")]))
    for vers in ("1.0.0", "1.1.0", "1.1.0"):
        assert registry.download("Needs-It", vers).status == 200

    def counts() -> list[tuple[str, int, int]]:
        found = registry.get("api/v1/crates/leaf/reverse_dependencies").json()
        crates = {one["version_id"]: one["downloads"] for one in found["dependencies"]}
        return [(one["crate"], one["downloads"], crates[one["id"]]) for one in found["versions"]]

    assert launcher.wait_for(lambda: counts() == [("Needs-It", 2, 3), ("unused", 0, 0)])


def test_readme(shop: Registry):
    """As it was published, as text that no browser takes for a page."""
    answer = shop.get("api/v1/crates/Shapes/1.0.0/readme")
    assert answer.body == README
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    missing = shop.get("api/v1/crates/board/1.0.0/readme")
    assert (missing.status, missing.detail) == (
        404,
        "the crate version `board 1.0.0` has no readme",
    )


def test_authors(shop: Registry):
    """As on crates.io, which names none any more."""
    answer = shop.get("api/v1/crates/Shapes/1.0.0/authors").json()
    assert answer == {"users": [], "meta": {"names": []}}


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("missing", 404, "missing"),
        ("missing/versions", 404, "missing"),
        ("a%00b", 404, "a"),
        ("con", 404, "con"),
        ("Shapes/9.9.9", 404, "9.9.9"),
        ("Shapes/1.0", 400, "1.0"),
        ("missing/reverse_dependencies", 404, "missing"),
        ("Shapes/reverse_dependencies?page=x", 400, "`page` is 'x'"),
        ("Shapes/9.9.9/dependencies", 404, "9.9.9"),
    ],
)
def test_what_is_not_there(shop: Registry, path: str, status: int, detail: str):
    """A crate or version that is not there is a 404 that names it; no version at all is a 400."""
    answer = shop.get(f"api/v1/crates/{path}")
    assert answer.status == status
    assert detail in answer.detail


@pytest.mark.parametrize("name", ["new", "owners", "download", "me", "versions"])
def test_crates_with_the_names_of_paths(stack: Stack, name: str):
    """They are published, listed and downloaded as any other [111]."""
    registry = stack.make_registry()
    crate = Crate(name)
    registry.publish(crate)
    assert registry.get(f"api/v1/crates/{name}").json()["crate"]["name"] == name
    assert registry.get(f"api/v1/crates/{name}/1.0.0").json()["version"]["crate"] == name
    assert registry.download(name).body == crate.packed(registry.index_url)


def test_keywords_and_categories(shop: Registry):
    """In lower case, with the number of their crates; one that no crate has is a 404."""
    answer = shop.get("api/v1/keywords").json()
    (keyword,) = answer["keywords"]
    assert answer["meta"] == {"total": 1}
    assert keyword.pop("created_at").endswith("Z")
    assert keyword == {"id": "draw", "keyword": "draw", "crates_cnt": 1}
    assert shop.get("api/v1/keywords/Draw").json()["keyword"]["crates_cnt"] == 1
    missing = shop.get("api/v1/keywords/paint")
    assert (missing.status, missing.detail) == (
        404,
        "no crate of this registry has the keyword `paint`",
    )
    assert shop.get("api/v1/categories?sort=crates").json() == {
        "categories": [],
        "meta": {"total": 0},
    }
    refused = shop.get("api/v1/keywords?sort=age")
    assert (refused.status, refused.detail) == (
        400,
        "`sort` is 'age'; it must be `alpha` or `crates`",
    )


def test_category_knows_those_around_it(stack: Stack):
    """A category without crates of its own is there if one below it has crates."""
    registry = stack.make_registry()
    http, parsing = "web-programming::http-client", "parser-implementations"
    registry.publish(Crate("client", package={"categories": [http, parsing]}))
    registry.publish(Crate("parser", package={"categories": [parsing]}))

    def shown(slug: str) -> tuple[str, int, list[str], list[str]]:
        found = registry.get(f"api/v1/categories/{slug}").json()["category"]
        assert found["created_at"].endswith("Z")
        above, below = (
            [one["slug"] for one in found[key]] for key in ("parent_categories", "subcategories")
        )
        return found["slug"], found["crates_cnt"], above, below

    assert shown("Web-Programming") == ("web-programming", 0, [], [http])
    assert shown(http) == (http, 1, ["web-programming"], [])
    assert shown(parsing) == (parsing, 2, [], [])
    for missing in ("web", "web-programming::websocket", "games", "%00"):
        assert registry.get(f"api/v1/categories/{missing}").status == 404


def test_category_slugs(shop: Registry):
    """Those of crates.io, of which some are below others."""
    slugs = [one["slug"] for one in shop.get("api/v1/category_slugs").json()["category_slugs"]]
    assert "web-programming::http-client" in slugs and slugs == sorted(slugs)


def test_summary(shop: Registry):
    """Totals, and the crates that are new or much used."""
    answer = shop.get("api/v1/summary").json()
    assert answer["num_crates"] == 3
    assert {one["name"] for one in answer["new_crates"]} == {"Shapes", "canvas", "board"}
    assert [one["id"] for one in answer["popular_keywords"]] == ["draw"]
    assert answer["popular_categories"] == []
    assert set(answer) == {
        "num_crates",
        "num_downloads",
        "new_crates",
        "just_updated",
        "most_downloaded",
        "most_recently_downloaded",
        "popular_keywords",
        "popular_categories",
    }
