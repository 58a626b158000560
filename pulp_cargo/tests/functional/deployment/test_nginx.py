"""The deployment guide's nginx, with our snippet, as HTTP clients see it."""

import os
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from pulp_cargo.tests.functional.deployment.deployment import Deployment
from pulp_cargo.tests.functional.deployment.nginx import GUIDE
from pulp_cargo.tests.functional.docs.shell import blocks
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.rest import unique
from pulp_cargo.tests.support.visitor import ACCOUNT, DEFAULTS, Visitor

MIB = 1024 * 1024


def test_check_of_the_guide_prints_what_it_says(deployment: Deployment) -> None:
    """The health page says that all is well; then `2 200`: HTTP/2, and the registry is there."""
    health, command = [b.commands for b in blocks(GUIDE) if "https://$HOST/pulp/" in b.commands]
    environ = {
        **os.environ,
        "HOST": deployment.nginx.origin.removeprefix("https://"),
        "CURL_CA_BUNDLE": str(deployment.nginx.certificate),
    }
    done = subprocess.run(["bash", "-ec", health], env=environ, capture_output=True, text=True)
    assert '"online_content_apps":' in done.stdout, done.stderr
    assert '{"status": "ok", ' in done.stdout, done.stderr
    script = command.replace("/team/", "/my-crates/")
    done = subprocess.run(["bash", "-ec", script], env=environ, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2 200\n", "")


def test_urls_do_not_follow_the_host_of_a_request(deployment: Deployment) -> None:
    """A registry's URL is its identity, so that only the settings make it."""
    registry = deployment.pulp.registry
    elsewhere = {"Host": "elsewhere.example"}
    answer = deployment.ask(registry, "GET", "config.json", headers=elsewhere)
    assert answer.status == 200
    assert b"elsewhere.example" not in answer.body
    assert deployment.nginx.origin.encode() in answer.body


def test_strangers_read_nothing_of_a_private_registry(deployment: Deployment) -> None:
    """401 without the token, which nginx passes on untouched, and 200 with it."""
    private = deployment.pulp.make_registry(auth_required=True)
    deployment.publish(private, Crate("secret"))
    paths = ("config.json", "se/cr/secret", "api/v1/crates/secret/1.0.0/download")
    stranger = replace(private, token="nonsense")
    assert [deployment.ask(stranger, "GET", path).status for path in paths] == [401, 401, 401]
    assert [deployment.ask(private, "GET", path).status for path in paths] == [200, 200, 200]


def test_client_that_expects_100_continue_publishes(deployment: Deployment, name: str) -> None:
    """It sends headers, waits for a sign, sends the body, and gets its 200 (RFC 9110, 10.1.1)."""
    registry = deployment.pulp.registry
    body = Crate(name).body(registry.index_url)
    with deployment.connect() as connection:
        connection.sendall(_head(registry, len(body)))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_client_that_expects_100_continue_is_refused_before_its_body(
    deployment: Deployment,
) -> None:
    """nginx gives the sign by itself; the 401 comes although no byte of the body does."""
    stranger = replace(deployment.pulp.registry, token="nonsense")
    with deployment.connect() as connection:
        connection.sendall(_head(stranger, 30 * MIB))
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("http", ["--http1.1", "--http2"])
@pytest.mark.parametrize(
    ("token", "status", "words"),
    [("nonsense", "401", "does not accept this token"), (None, "413", "accepts at most")],
    ids=["wrong-token", "too-large"],
)
def test_refusal_comes_before_the_end_of_a_large_body(
    deployment: Deployment, tmp_path: Path, http: str, token: str | None, status: str, words: str
) -> None:
    """nginx has no limit and no buffer of its own: our sentence comes, and the rest stays unsent."""
    registry = deployment.pulp.registry
    file = tmp_path / "body"
    file.write_bytes(_too_large(deployment))
    # A busy machine hears of the refusal late.
    os.truncate(file, 500 * MIB)
    said = ("--write-out", "\n%{http_code} %{size_upload}")
    sent = ("--upload-file", file, "--header", f"Authorization: {token or registry.token}")
    done = subprocess.run(
        ["curl", "--silent", http, *said, *sent, f"{registry.url}api/v1/crates/new"],
        env={**os.environ, "CURL_CA_BUNDLE": str(deployment.nginx.certificate)},
        capture_output=True,
        text=True,
    )
    body, _, end = done.stdout.rpartition("\n")
    got, uploaded = end.split()
    assert got == status and words in body
    assert int(uploaded) < 250 * MIB


def test_account_page_is_at_the_origin_of_the_registries(deployment: Deployment) -> None:
    """The snippet sends it to the API app; Django accepts the forms of a page over TLS."""
    registry, rest = deployment.pulp.registry, deployment.pulp.rest
    private = deployment.pulp.make_registry(auth_required=True)
    origin = deployment.nginx.origin
    visitor = Visitor(origin)
    visitor.session.verify = str(deployment.nginx.certificate)
    # Browsers send these with a form over TLS, and Django checks them.
    visitor.session.headers.update({"Origin": origin, "Referer": f"{origin}{ACCOUNT}"})
    shown = visitor.session.get(f"{private.url}config.json").headers["WWW-Authenticate"]
    assert shown == f'Cargo login_url="{origin}{ACCOUNT}?registry={private.name}"'
    assert rest.auth is not None
    assert visitor.sign_in(*rest.auth).status_code == 302
    secret = visitor.create(unique("laptop"), registry=registry.name)
    assert deployment.ask(replace(registry, token=secret), "GET", "api/v1/me").status == 200
    visitor.session.headers["Origin"] = "https://elsewhere.example"
    assert visitor.send(fields=DEFAULTS | {"name": unique("theirs")}).status_code == 403


def test_paths_of_the_api_app(deployment: Deployment) -> None:
    """The assets of its pages are files of nginx, and the REST API of a domain is its own."""
    origin, root = deployment.nginx.origin, deployment.nginx.root
    session = requests.Session()
    # A variable of the environment, such as REQUESTS_CA_BUNDLE, would take precedence.
    session.trust_env = False
    session.verify = str(deployment.nginx.certificate)
    page = session.get(f"{origin}/pulp/api/v3/status/", headers={"Accept": "text/html"}).text
    assert 'href="/assets/rest_framework/css/' in page
    (root / "assets").mkdir()
    (root / "assets" / "style.css").write_text("a {}")
    assert session.get(f"{origin}/assets/style.css").text == "a {}"
    # Domains are not enabled here, so Pulp itself answers 404.
    answer = session.get(f"{origin}/pulp/default/api/v3/status/")
    assert (answer.status_code, "Correlation-ID" in answer.headers) == (404, True)


def test_registry_is_not_taken_for_the_api_of_a_domain(deployment: Deployment) -> None:
    """Its base path may be `api`, and `v3` is the beginning of an index path."""
    registry = deployment.pulp.make_registry(base_path="api")
    deployment.publish(registry, Crate("v3-leaf"))
    answer = deployment.ask(registry, "GET", "v3/-l/v3-leaf")
    assert (answer.status, b'"name":"v3-leaf"' in answer.body) == (200, True)


def _head(registry: Registry, length: int) -> bytes:
    parts = urlsplit(registry.url)
    lines = (
        f"PUT {parts.path}api/v1/crates/new HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Authorization: {registry.token}",
        f"Content-Length: {length}",
        "Expect: 100-continue",
    )
    return "\r\n".join([*lines, "\r\n"]).encode()


def _too_large(deployment: Deployment) -> bytes:
    """Return the head of a publish whose crate is one byte too large."""
    size = deployment.pulp.settings.get("CARGO_MAX_CRATE_BYTES", 50 * MIB) + 1
    metadata = b'{"name": "large", "vers": "1.0.0", "deps": []}'
    return struct.pack("<I", len(metadata)) + metadata + struct.pack("<I", size)
