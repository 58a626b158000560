"""Copies where Pulp's domains are enabled: everything belongs to the domain of the repository."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.support import upstream as fake
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import Rest, unique
from pulp_cargo.tests.support.stack import launched

STORAGE = "pulpcore.app.models.storage.FileSystem"


@pytest.fixture
def in_domain(open_directory: Path) -> Iterator[Rest]:
    """A stack of its own, since the setting holds for a whole Pulp, with a second domain."""
    environ = {"PULP_DOMAIN_ENABLED": "true"}
    with launched(open_directory / "copies-in-domains", environ=environ) as running:
        said = running.ready
        rest = Rest(said["api_url"], None)
        rest.session.auth = (said["admin_user"], said["admin_password"])
        media = {"MEDIA_ROOT": str(open_directory / "copies-media")}
        made = {"name": "other", "storage_class": STORAGE, "storage_settings": media}
        rest.make("/pulp/default/api/v3/domains/", **made)
        yield rest


def copy_in(rest: Rest, domain: str, index_url: str) -> Registry:
    """Sync a registry into a domain, and serve it there."""
    root, name = f"/pulp/{domain}/api/v3/", unique("copy")
    remote = rest.make(f"{root}remotes/cargo/cargo/", name=name, url=index_url, policy="on_demand")
    repository = rest.make(
        f"{root}repositories/cargo/cargo/", name=name, remote=remote["pulp_href"]
    )["pulp_href"]
    rest.post(f"{repository}sync/")
    made = rest.make(
        f"{root}distributions/cargo/cargo/", name=name, base_path=name, repository=repository
    )
    return Registry(made["name"], made["base_url"], None, made["pulp_href"], repository)


def test_copies_in_two_domains_share_nothing(in_domain: Rest, name: str) -> None:
    """Each domain has units and files of its own; what one has fetched the other fetches itself."""
    crate = Crate(name)
    with fake.running() as upstream:
        upstream.have(crate, yanked=True)
        for domain in ("default", "other"):
            copy = copy_in(in_domain, domain, upstream.index_url)
            assert copy.entry(name)["yanked"] is True
            for _ in range(2):
                assert copy.download(name).body == crate.packed()
            listed = in_domain.list(f"/pulp/{domain}/api/v3/content/cargo/crates/", name=name)
            assert [unit["pulp_href"].split("/")[2] for unit in listed] == [domain]
        assert len(upstream.downloads()) == 2
