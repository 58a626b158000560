"""A second Pulp, with domains, to which nothing was brought yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_cargo.tests.support.rest import Rest
from pulp_cargo.tests.support.stack import launched
from pulp_cargo.tests.support.transfer import Pulp


@pytest.fixture(scope="package")
def second(open_directory: Path) -> Iterator[Pulp]:
    """Another Pulp, whose registries have other URLs."""
    data = open_directory / "brought-to"
    with launched(data, environ={"PULP_DOMAIN_ENABLED": "true"}) as running:
        rest = Rest(running.ready["api_url"], None)
        # Where domains are enabled, Pulp has no page to log in.
        rest.session.auth = (running.ready["admin_user"], running.ready["admin_password"])
        yield Pulp(rest, data / "exports", "/pulp/default/api/v3/", running.ready["token"])
