"""The deployment guide's nginx, with our snippet, in front of a running Pulp."""

import http.client
import json
import os
import shutil
import ssl
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.docs import nginx
from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.nginx import GUIDE, Nginx
from pulp_cargo.tests.functional.docs.shell import blocks
from pulp_cargo.tests.support import stack
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.skipif(
    not (nginx.PROGRAM and shutil.which("openssl")), reason="needs nginx and openssl"
)
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Deployment:
    """A Pulp that is reached through nginx alone."""

    pulp: Stack
    nginx: Nginx

    def cargo(self, directory: Path, *arguments: str) -> None:
        """Run cargo with the first registry configured, in a home directory of its own."""
        environ = environment() | {
            "HOME": str(directory),
            "CARGO_HTTP_CAINFO": str(self.nginx.certificate),
            "CARGO_REGISTRIES_TEAM_INDEX": self.pulp.ready["index_url"],
            "CARGO_REGISTRIES_TEAM_TOKEN": self.pulp.ready["token"],
        }
        done = subprocess.run(
            ["cargo", *arguments], cwd=directory, env=environ, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    """Pulp with an https origin, and nginx there."""
    root = Path(tempfile.mkdtemp(prefix="pulp-cargo-deployment-"))
    root.chmod(0o755)
    port = nginx.free_port()
    with stack.started(root / "data", f"--origin=https://127.0.0.1:{port}") as pulp:
        # `content_url` is the origin; the servers themselves listen where `ports.json` says.
        content = f"http://127.0.0.1:{_content_port(pulp)}"
        (root / "nginx").mkdir()
        with nginx.running(
            root / "nginx", port, content_url=content, api_url=pulp.ready["api_url"]
        ) as server:
            yield Deployment(pulp, server)
    shutil.rmtree(root)


def _content_port(pulp: Stack) -> int:
    return int(json.loads((pulp.data_dir / "ports.json").read_text())["content"])


def test_cargo_publishes_and_fetches_over_http2(deployment: Deployment, tmp_path: Path) -> None:
    """One host, HTTPS, HTTP/2: all that cargo asks for goes through the snippet."""
    before = len(deployment.nginx.requests())
    deployment.cargo(tmp_path, "new", "--lib", "--vcs=none", "leaf")
    leaf, app = tmp_path / "leaf" / "Cargo.toml", tmp_path / "app" / "Cargo.toml"
    deployment.cargo(tmp_path, "publish", "--registry=team", f"--manifest-path={leaf}")
    deployment.cargo(tmp_path, "new", "--vcs=none", "app")
    deployment.cargo(tmp_path, "add", "leaf", "--registry=team", f"--manifest-path={app}")
    deployment.cargo(tmp_path, "fetch", f"--manifest-path={app}")
    made = deployment.nginx.requests()[before:]
    root = "/pulp/cargo/my-crates"
    assert f"HTTP/2.0 PUT {root}/api/v1/crates/new 200" in made
    assert f"HTTP/2.0 GET {root}/le/af/leaf 200" in made
    assert f"HTTP/2.0 GET {root}/api/v1/crates/leaf/0.1.0/download 200" in made
    assert all(line.startswith("HTTP/2.0 ") for line in made)


def test_check_of_the_guide_prints_what_it_says(deployment: Deployment) -> None:
    """`2 200`: HTTP/2, and the registry is there."""
    command = blocks(GUIDE)[-1].commands.replace("https://crates.example.org", "$ORIGIN")
    environ = {
        **os.environ,
        "ORIGIN": deployment.nginx.origin,
        "CURL_CA_BUNDLE": str(deployment.nginx.certificate),
    }
    script = command.replace("/team/", "/my-crates/")
    done = subprocess.run(["bash", "-ec", script], env=environ, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("2 200\n", "")


def test_urls_do_not_follow_the_host_of_a_request(deployment: Deployment) -> None:
    """A registry's URL is its identity, so that only the settings make it."""
    answer = _ask(deployment, "GET", "config.json", headers={"Host": "elsewhere.example"})
    assert answer.status == 200
    assert b"elsewhere.example" not in answer.body
    assert deployment.nginx.origin.encode() in answer.body


def test_crate_larger_than_the_limit_is_refused_with_our_sentence(deployment: Deployment) -> None:
    """nginx has no limit of its own, and passes on an answer that comes before the body's end."""
    size = deployment.pulp.settings.get("CARGO_MAX_CRATE_BYTES", 50 * MIB) + 1
    metadata = b'{"name": "large", "vers": "1.0.0", "deps": []}'
    head = struct.pack("<I", len(metadata)) + metadata + struct.pack("<I", size)
    answer = _ask(deployment, "PUT", "api/v1/crates/new", body=head + bytes(4 * MIB))
    assert answer.status == 413
    assert b"at most" in answer.body


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes


def _ask(
    deployment: Deployment,
    method: str,
    path: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    host = deployment.nginx.origin.removeprefix("https://")
    trusted = ssl.create_default_context(cafile=str(deployment.nginx.certificate))
    connection = http.client.HTTPSConnection(host, context=trusted, timeout=30)
    sent = {"Authorization": deployment.pulp.ready["token"], **(headers or {})}
    try:
        connection.request(method, f"/pulp/cargo/my-crates/{path}", body, sent)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    finally:
        connection.close()
