"""The list of registries and the pages of a registry where Pulp's domains are enabled."""

import http.client
from urllib.parse import urlsplit

from pulp_cargo.tests.functional.domains.conftest import Domains
from pulp_cargo.tests.functional.pages.conftest import HTML, Page, visit
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Answer, Registry


def ask(registry: Registry, path: str) -> Page:
    """Ask the content app for a path as a browser does."""
    connection = http.client.HTTPConnection(urlsplit(registry.url).netloc, timeout=60)
    try:
        connection.request("GET", path, headers={"Accept": HTML})
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Page(Answer(answer.status, named, answer.read()))
    finally:
        connection.close()


def test_each_domain_has_its_list(domains: Domains) -> None:
    """Above all domains no registry is listed, since the names of domains are not public."""
    for side, other in domains.sides:
        here, there = side.make_registry(), other.make_registry()
        page = ask(here, f"/pulp/cargo/{side.name}/")
        assert page.status == 200
        assert here.url in page.links
        assert there.name not in page.html
        above = ask(here, "/pulp/cargo/")
        assert above.status == 200
        assert here.name not in above.html and there.name not in above.html
    unknown = ask(domains.default.registry, "/pulp/cargo/no-such-domain/")
    assert unknown.status == 200
    assert unknown.links[1:] == ["/pulp/cargo/no-such-domain/?sign-in"]


def test_pages_of_a_domain_show_its_crates_only(domains: Domains) -> None:
    """Both domains have a registry of the same name; links stay in the domain."""
    for side, other in domains.sides:
        name = f"of-{side.name}".lower()
        side.registry.publish(Crate(name))
        page = visit(side.registry, f"crates/{name}")
        assert page.status == 200
        assert all(
            f"/pulp/cargo/{side.name}/my-crates/" in target
            for target in page.links
            if target.startswith("/pulp/cargo/")
        )
        assert visit(other.registry, f"crates/{name}").status == 404
        assert "No crates match." in visit(other.registry, f"search?q={name}").text
        assert visit(side.registry, f"crates/{name}/1.0.0/files").status == 200
