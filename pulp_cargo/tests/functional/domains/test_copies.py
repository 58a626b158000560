"""Copies where Pulp's domains are enabled: everything belongs to the domain of the repository."""

from pulp_cargo.tests.functional.domains.conftest import Domains, Side
from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique


def copy_in(side: Side, index_url: str) -> Registry:
    """Sync a registry into a domain, and serve it there."""
    name = unique("copy")
    fields = {"name": name, "url": index_url, "policy": "on_demand"}
    remote = side.rest.make("remotes/cargo/cargo/", **fields)["pulp_href"]
    fields = {"name": name, "remote": remote}
    repository = side.rest.make("repositories/cargo/cargo/", **fields)["pulp_href"]
    side.rest.post(f"{repository}sync/")
    fields = {"name": name, "base_path": name, "repository": repository}
    made = side.rest.make("distributions/cargo/cargo/", **fields)
    return Registry(made["name"], made["base_url"], None, made["pulp_href"], repository)


def test_copies_in_two_domains_share_nothing(domains: Domains, name: str) -> None:
    """Each domain has units and files of its own; what one has fetched the other fetches itself."""
    crate = Crate(name)
    with fake.running() as upstream:
        upstream.have(crate, yanked=True)
        for side, _ in domains.sides:
            copy = copy_in(side, upstream.index_url)
            assert copy.entry(name)["yanked"] is True
            for _ in range(2):
                assert copy.download(name).body == crate.packed()
            listed = side.rest.list("content/cargo/crates/", name=name)
            assert [unit["pulp_href"].split("/")[2] for unit in listed] == [side.name]
        assert len(upstream.downloads()) == 2
