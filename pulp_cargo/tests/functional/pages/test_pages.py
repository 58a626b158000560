"""The web pages of a registry, each with what it has to show."""

from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.functional.cache.lists.conftest import new_list, ours
from pulp_cargo.tests.functional.pages.conftest import shapes, visit
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

PATHS = (
    "",
    "search",
    "search?q=shapes&sort=new",
    "crates/shapes",
    "crates/shapes/1.0.0",
    "crates/shapes/versions",
    "crates/shapes/1.0.0/files",
    "crates/shapes/1.0.0/source/src/lib.rs",
    "crates/shapes/1.0.0/source/logo.png",
    "crates/shapes/diff/1.0.0..1.1.0",
    "keywords/draw",
    "categories/graphics",
)
POLICY = (
    "default-src 'none'; style-src 'self'; img-src https: data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)


def base(registry: Registry) -> str:
    """Return the path of a registry's URL."""
    return urlsplit(registry.url).path


@pytest.mark.parametrize("path", PATHS)
def test_pages_run_nothing_and_load_only_images(gallery: Registry, path: str) -> None:
    """Every page has the same strict headers, whatever is on it; and it is made once for a browser."""
    page = visit(gallery, path)
    assert page.status == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] == POLICY
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-cache"
    again = visit(gallery, path, If_None_Match=page.headers["etag"])
    assert (again.status, again.html) == (304, "")
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "style", "iframe", "svg"}
    assert not [name for _, values in page.elements for name in values if name.startswith("on")]
    assert not [values for _, values in page.elements if "style" in values]


def test_home(gallery: Registry) -> None:
    """What the registry is, how to use it, and the crates that are new."""
    page = visit(gallery, "")
    assert page.text.partition("Most downloaded")[0].count("shapes 1.1.0") == 2
    assert "A Cargo registry that everybody may read, with 2 crates." in page.text
    assert f'index = "{gallery.index_url}"' in page.text
    for path in ("me", "config.toml", "search", "crates/shapes", "crates/canvas"):
        assert base(gallery) + path in page.links


def test_home_lists_the_most_downloaded_crates(stack: Stack) -> None:
    """Those that were downloaded at all; the search has the same order."""
    registry = stack.make_registry()
    for name in ("often", "rarely", "never"):
        registry.publish(Crate(name))
    for name in ("often", "rarely", "often"):
        assert registry.download(name).status == 200

    def counted() -> dict[str, int]:
        found = stack.rest.list(f"{registry.href}downloads/")
        return {one["name"]: one["downloads"] for one in found}

    # The first visit: what it reads is remembered for a minute.
    assert launcher.wait_for(lambda: counted() == {"often": 2, "rarely": 1})
    _, _, shown = visit(registry, "").text.partition("Most downloaded")
    listed = [word for word in shown.split() if word in ("often", "rarely", "never")]
    assert listed == ["often", "rarely"]
    found = visit(registry, "search?sort=downloads").text
    assert found.index("often 1.0.0") < found.index("rarely 1.0.0") < found.index("never 1.0.0")


def test_home_of_an_empty_registry(stack: Stack) -> None:
    """It can be used before there is a crate, and without a repository."""
    page = visit(stack.make_registry(), "")
    assert (page.status, "There are no crates yet." in page.text) == (200, True)


def test_crate_page(gallery: Registry) -> None:
    """The default version, with all that is known of it."""
    page = visit(gallery, "crates/Shapes")
    assert "shapes 1.1.0" in page.text
    for words in (
        "Draws shapes",
        "MIT OR Apache-2.0",
        "1.70 or later",
        "Ann <ann@shapes.example>",
        "cargo add shapes@1.1.0 --registry " + gallery.name,
        f'shapes = {{ version = "1.1.0", registry = "{gallery.name}" }}',
        "Versions (4)",
        "1.2.0 yanked",
        "points ^2, optional, with fast",
        "serde ^1, from crates.io",
        "default: big",
        "javascript:alert(1)",
    ):
        assert words in page.text, words
    assert {
        "https://shapes.example",
        "https://github.com/shapes/shapes.git",
        "https://github.com/shapes/shapes/blob/HEAD/docs/guide.md#start",
        "#readme-usage",
        "https://crates.io/crates/serde",
        base(gallery) + "crates/points",
        base(gallery) + "crates/canvas",
        base(gallery) + "keywords/2d",
        base(gallery) + "categories/graphics",
        base(gallery) + "crates/shapes/diff/1.0.0..1.1.0",
        base(gallery) + "api/v1/crates/shapes/1.1.0/download",
    } <= set(page.links)
    assert not [target for target in page.links if target.startswith("javascript")]


def test_readme_on_the_crate_page(gallery: Registry) -> None:
    """Rendered like on GitHub, with code in colours, below the headings of the page."""
    html = visit(gallery, "crates/shapes").html
    for part in (
        '<h3 id="readme-shapes">Shapes</h3>',
        '<h4 id="readme-usage">Usage</h4>',
        "<strong>shapes</strong>",
        '<span class="hl-k">fn</span>',
        '<td align="right">4</td>',
        "<li>☑ squares</li>",
        "<s>circles</s>",
    ):
        assert part in html, part


def test_version_page(gallery: Registry) -> None:
    """A version that is not the default one says so, and so does a yanked one."""
    page = visit(gallery, "crates/shapes/1.2.0")
    assert "GPL-3.0-only" in page.text
    assert "This page is about 1.2.0. The default version is 1.1.0." in page.text
    assert "This version is yanked" in page.text
    page = visit(gallery, "crates/shapes/2.0.0-rc.1%2Bbuild")
    assert "shapes 2.0.0-rc.1+build" in page.text
    assert "cargo add shapes@2.0.0-rc.1 " in page.text


def test_versions_page(gallery: Registry) -> None:
    """All versions from the highest to the lowest."""
    page = visit(gallery, "crates/shapes/versions")
    assert "4 versions; 1.1.0 is the default." in page.text
    places = [page.text.index(f" {vers} ") for vers in ("2.0.0-rc.1+build", "1.2.0", "1.0.0")]
    assert places == sorted(places)


def test_files_and_source(gallery: Registry) -> None:
    """The list of files leads to each of them."""
    page = visit(gallery, "crates/shapes/1.0.0/files")
    assert "4 files" in page.text
    source = base(gallery) + "crates/shapes/1.0.0/source/src/lib.rs"
    assert source in page.links
    page = visit(gallery, "crates/shapes/1.0.0/source/src/lib.rs")
    assert "6 lines" in page.text and "pub fn draw(name: &str) -> usize {" in page.text
    assert '<span class="line" id="L1"><span class="hl-sd">//! Shapes.</span>' in page.html
    page = visit(gallery, "crates/shapes/1.0.0/source/logo.png")
    assert "This file is not text in UTF-8" in page.text


def test_crate_costs_its_unpacking_once(stack: Stack, name: str) -> None:
    """Not for each page: strangers cannot spend the processor's time by asking again.

    Measured is the processor time of the processes that prepare pages.
    """
    registry = stack.make_registry()
    noise = {f"src/{number}.rs": bytes(3_000_000) for number in range(10)}
    registry.publish(Crate(name, files={**noise, "src/lib.rs": b"// small", "a.txt": b"a"}))
    path = f"crates/{name}/1.0.0/source/"

    def seconds() -> float:
        content = launcher.family(stack.child("pulp-content").pid)
        return sum(one.cpu_seconds for one in content if "reader.pages" in one.command)

    # The first pages start the processes.
    assert visit(registry, f"crates/{name}/1.0.0/files").status == 200
    assert visit(registry, f"{path}src/lib.rs").status == 200
    before = seconds()
    registry.publish(Crate(name, "2.0.0", files={**noise, "src/lib.rs": b"// other"}))
    assert visit(registry, f"crates/{name}/2.0.0/files").status == 200
    once = seconds() - before
    for file in ("src/lib.rs", "a.txt", "src/1.rs", "no/such.file") * 5:
        assert visit(registry, path + file).status in (200, 404)
    for _ in range(20):
        assert visit(registry, f"crates/{name}/1.0.0/files").status == 200
        assert visit(registry, f"crates/{name}/2.0.0/files").status == 200
    assert seconds() - before < 4 * once + 0.5


def test_large_file_is_not_shown(stack: Stack) -> None:
    """More than 512 KiB of source are for an editor."""
    registry = stack.make_registry()
    registry.publish(
        Crate("large", files={"src/lib.rs": b"// x\n" * 200_000, "a.rs": b"a" * 600_000})
    )
    page = visit(registry, "crates/large/1.0.0/source/src/lib.rs")
    assert "This file is larger than 512.0 KiB" in page.text


def test_diff(gallery: Registry) -> None:
    """What differs in the manifest, and which files do."""
    page = visit(gallery, "crates/shapes/diff/1.1.0..1.2.0")
    assert '-"license" = "MIT OR Apache-2.0"' in page.text
    assert '+"license" = "GPL-3.0-only"' in page.text
    assert "Cargo.toml changed" in page.text
    assert "src/lib.rs" not in page.text
    page = visit(gallery, "crates/shapes/diff/1.0.0..1.0.0")
    assert "The two manifests are equal." in page.text and "All files are equal." in page.text


def test_search_pages(gallery: Registry) -> None:
    """By words, by keyword, by category; and all crates."""
    page = visit(gallery, "search?q=shape")
    assert "1 to 1 of 1 crate" in page.text
    assert base(gallery) + "crates/shapes" in page.links
    assert "1 to 2 of 2 crates" in visit(gallery, "search").text
    assert "No crates match." in visit(gallery, "search?q=zeppelin").text
    assert base(gallery) + "crates/shapes" in visit(gallery, "keywords/2D").links
    assert base(gallery) + "crates/shapes" in visit(gallery, "categories/graphics").links
    assert "No crates match." in visit(gallery, "keywords/other").text


def test_pages_of_results(stack: Stack) -> None:
    """Twenty at a time, with links to the next and the previous page that search for the same."""
    registry = stack.make_registry()
    for number in range(21):
        registry.publish(Crate(f"many-{number:02}"))
    page = visit(registry, "search?q=many&sort=alphabetical")
    assert "1 to 20 of 21 crates" in page.text
    assert "?q=many&sort=alphabetical&page=2" in page.links
    page = visit(registry, "search?q=many&sort=alphabetical&page=2")
    assert "21 to 21 of 21 crates" in page.text
    assert "?q=many&sort=alphabetical&page=1" in page.links


def test_crates_of_a_list_of_upstreams(stack: Stack) -> None:
    """The pages mark what is private, and name the upstream; a private crate hides a public one."""
    private, public = stack.make_registry(), stack.make_registry()
    private.publish(Crate("ours-only", package={"description": "Mine"}))
    private.publish(Crate("both", "1.0.0"))
    public.publish(Crate("both", "2.0.0"))
    public.publish(Crate("theirs-only"))
    entries = (ours(private), {**ours(public, name="theirs"), "private": False})
    registry = new_list(stack, *entries)
    home = visit(registry, "")
    assert "ours private" in home.text and "theirs private" not in home.text
    page = visit(registry, "crates/both")
    assert "both 1.0.0 private" in page.text
    assert "Comes fromours" in page.text
    assert "Versions (1)" in page.text
    page = visit(registry, "crates/theirs-only")
    assert "Comes fromtheirs" in page.text and "private" not in page.text
    assert visit(registry, "crates/both/2.0.0").status == 404
    assert visit(registry, "crates/both/2.0.0/files").status == 404
    assert visit(registry, "crates/both/1.0.0/files").status == 200


def test_index_paths_are_no_pages(stack: Stack) -> None:
    """A path of pages begins with a word, and an index path with at most two letters."""
    registry = stack.make_registry()
    for name in ("crates", "search", "keywords", "me"):
        registry.publish(Crate(name))
        assert [one["vers"] for one in registry.index(name)] == ["1.0.0"]
        assert visit(registry, f"crates/{name}").status == 200


def test_stylesheet(gallery: Registry) -> None:
    """Pages name it with its version, so that a browser loads it once."""
    page = visit(gallery, "")
    (target,) = [
        str(values["href"])
        for tag, values in page.elements
        if tag == "link" and values["rel"] == "stylesheet"
    ]
    answer = gallery.get(target.removeprefix(base(gallery)))
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert gallery.get("style.css").headers["cache-control"] == "no-cache"
    assert gallery.get("style.css?v=other").headers["cache-control"] == "no-cache"


def test_new_version_is_shown_at_once(stack: Stack, name: str) -> None:
    """As soon as cargo has its answer."""
    registry = stack.make_registry()
    registry.publish(Crate(name, "1.0.0"))
    assert f"{name} 1.0.0" in visit(registry, f"crates/{name}").text
    registry.publish(Crate(name, "1.1.0"))
    assert f"{name} 1.1.0" in visit(registry, f"crates/{name}").text
    registry.yank(name, "1.1.0")
    assert f"{name} 1.0.0" in visit(registry, f"crates/{name}").text


def test_same_crate_in_another_registry_is_another_page(stack: Stack) -> None:
    """What a registry does not serve is on none of its pages."""
    first, second = stack.make_registry(), stack.make_registry()
    first.publish(shapes("1.0.0"))
    for path in ("crates/shapes", "crates/shapes/1.0.0/files", "crates/shapes/1.0.0/source/a"):
        assert visit(second, path).status == 404
    assert "No crates match." in visit(second, "search?q=shapes").text
