"""What pages show around a crate: who needs it, its feeds, and how much its versions are used."""

import re

from pulp_cargo.tests.functional.pages.conftest import visit
from pulp_cargo.tests.functional.pages.test_pages import base
from pulp_cargo.tests.functional.serve import launcher
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack


def test_all_dependents_have_a_page(stack: Stack) -> None:
    """The page of the crate has the first of them, and leads to the others."""
    registry = stack.make_registry()
    registry.publish(Crate("leaf"))
    needing = [f"needing-{number:03}" for number in range(101)]
    for name in needing:
        registry.publish(Crate(name, deps=[Dep(name="leaf")]))
    first = visit(registry, "crates/leaf")
    assert "All 101 dependents" in first.text
    assert base(registry) + "crates/leaf/dependents" in first.links

    def listed(path: str) -> list[str]:
        page = visit(registry, path)
        assert page.status == 200
        assert "101 crates depend on leaf" in page.text
        return [link.rpartition("/")[2] for link in page.links if "/crates/needing" in link]

    assert listed("crates/LEAF/dependents") == needing[:100]
    assert "?page=2" in visit(registry, "crates/leaf/dependents").links
    assert listed("crates/leaf/dependents?page=2") == needing[100:]
    assert visit(registry, "crates/needing-000").text.endswith(
        "No crate of this registry depends on it."
    )
    assert visit(registry, "crates/missing/dependents").status == 404
    assert visit(registry, "crates/leaf/dependents?page=0").status == 400


def test_pages_lead_to_feeds(gallery: Registry) -> None:
    """For people, and for programs that look for the feeds of a page."""
    for path, feeds in (
        ("", {"rss/updates.xml", "rss/crates.xml"}),
        ("crates/shapes", {"rss/crates/shapes.xml"}),
    ):
        page = visit(gallery, path)
        wanted = {base(gallery) + feed for feed in feeds}
        rss = {"rel": "alternate", "type": "application/rss+xml"}
        found = [
            values
            for tag, values in page.elements
            if tag == "link" and rss.items() <= values.items()
        ]
        assert {one["href"] for one in found} == wanted
        assert wanted <= set(page.links)
        for feed in feeds:
            assert gallery.get(feed).status == 200


def test_downloads_of_versions_are_on_the_pages(stack: Stack, name: str) -> None:
    """The plot has a colour for each version; the lists of versions have counts and last uses."""
    registry = stack.make_registry()
    for vers in ("1.0.0", "1.1.0", "1.2.0"):
        registry.publish(Crate(name, vers))
    for vers in ("1.0.0", "1.1.0", "1.1.0"):
        assert registry.download(name, vers).status == 200

    def counted() -> dict[str, int]:
        found = stack.rest.list(f"{registry.href}version_downloads/")
        return {one["vers"]: one["downloads"] for one in found}

    assert launcher.wait_for(lambda: counted() == {"1.0.0": 1, "1.1.0": 2})
    page = visit(registry, f"crates/{name}")
    assert "3 in all, 3 in the last 90 days" in page.text
    assert "1.1.0: 2 1.0.0: 1" in page.text
    colours = [values.get("class") for tag, values in page.elements if tag == "path"]
    assert colours == ["series-0", "series-1"]
    for shown in (page, visit(registry, f"crates/{name}/versions")):
        rows = re.findall(r"<td>(\d+)</td>\n<td>(.*)</td>\n</tr>", shown.html)
        assert [count for count, _ in rows] == ["0", "2", "1"]
        assert [when.partition("(")[2] for _, when in rows] == ["", *["less than an hour ago)"] * 2]
