"""The snippet for Apache lets through what cargo sends and gets."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.functional.deployment import apache
from pulp_cargo.tests.functional.deployment.deployment import Deployment, content_port
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.visitor import ACCOUNT, Visitor

pytestmark = pytest.mark.skipif(apache.PROGRAM is None, reason="needs apache2")


@pytest.fixture(scope="module")
def origin(deployment: Deployment, open_directory: Path) -> Iterator[str]:
    """Where Apache is."""
    root = open_directory / "apache"
    root.mkdir()
    ssl = deployment.nginx.root / "ssl"
    with apache.running(
        root, ssl, content_port(deployment.pulp), deployment.pulp.ready["api_url"]
    ) as found:
        yield found


def _through(registry: Registry, origin: str) -> Registry:
    return replace(registry, index_url=f"sparse+{origin}{urlsplit(registry.url).path}")


def test_publish_and_private_reads_go_through_apache(deployment: Deployment, origin: str) -> None:
    """The token gets through, and so does a body that is larger than most."""
    private = _through(deployment.pulp.make_registry(auth_required=True), origin)
    crate = Crate("secret", files={"noise": os.urandom(8 * 1024 * 1024)})
    answer = deployment.ask(private, "PUT", "api/v1/crates/new", body=crate.body(private.index_url))
    assert answer.status == 200
    paths = ("config.json", "se/cr/secret", "api/v1/crates/secret/1.0.0/download")
    assert [deployment.ask(private, "GET", path).status for path in paths] == [200, 200, 200]
    assert deployment.ask(private, "GET", paths[-1]).body == crate.packed(private.index_url)
    stranger = replace(private, token="nonsense")
    assert [deployment.ask(stranger, "GET", path).status for path in paths] == [401, 401, 401]


def test_account_page_goes_through_apache(deployment: Deployment, origin: str) -> None:
    """Django accepts the forms of a page over TLS, whose host Apache passes on."""
    visitor = Visitor(origin)
    visitor.session.verify = str(deployment.nginx.certificate)
    visitor.session.headers.update({"Origin": origin, "Referer": f"{origin}{ACCOUNT}"})
    assert deployment.pulp.rest.auth is not None
    assert visitor.sign_in(*deployment.pulp.rest.auth).status_code == 302
    assert visitor.create(unique("laptop")).startswith("pulp_cargo_")


def test_apache_speaks_http2(deployment: Deployment, origin: str) -> None:
    """As cargo does when it can."""
    url = _through(deployment.pulp.registry, origin).url + "config.json"
    done = subprocess.run(
        ["curl", "--silent", "--output", os.devnull, "--write-out", "%{http_version}", url],
        env={**os.environ, "CURL_CA_BUNDLE": str(deployment.nginx.certificate)},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "2"
