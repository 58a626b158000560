"""The real cargo over HTTP/2 and TLS, against the deployment guide's nginx."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pulp_cargo.tests.functional.deployment.deployment import Deployment
from pulp_cargo.tests.support.cargo import CargoFailed
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry, index_path

pytestmark = pytest.mark.cargo
MIB = 1024 * 1024
LEAVES = [f"leaf-{number:03}" for number in range(199)]


def _made_below(deployment: Deployment, registry: Registry) -> Sequence[str]:
    """Return what was asked of a registry, with paths that begin there."""
    root = urlsplit(registry.url).path
    lines = [line for line in deployment.nginx.requests() if f" {root}" in line]
    return [line.replace(root, "/") for line in lines]


def _dependency(name: str) -> str:
    return f'{name} = {{ version = "1", registry = "mine" }}'


@pytest.mark.parametrize("private", [False, True], ids=["public", "private"])
def test_cargo_publishes_and_fetches(deployment: Deployment, tmp_path: Path, private: bool) -> None:
    """One host, HTTPS, HTTP/2: all that cargo asks for goes through the snippet."""
    registry = deployment.pulp.make_registry(auth_required=private)
    cargo = deployment.cargo(tmp_path / "home", registry)
    cargo.package(tmp_path, "leaf").publish()
    cargo.package(tmp_path, "app", deps=[_dependency("leaf")]).run("build")
    made = _made_below(deployment, registry)
    assert "HTTP/2.0 PUT /api/v1/crates/new 200" in made
    assert "HTTP/2.0 GET /le/af/leaf 200" in made
    assert "HTTP/2.0 GET /api/v1/crates/leaf/1.0.0/download 200" in made
    assert all(line.startswith("HTTP/2.0 ") for line in made)


def test_cargo_without_the_token_reads_nothing(deployment: Deployment, tmp_path: Path) -> None:
    """A private registry answers 401, and cargo says what is missing."""
    private = deployment.pulp.make_registry(auth_required=True)
    deployment.publish(private, Crate("secret"))
    cargo = deployment.cargo(tmp_path / "home", private).configure(tokens=False)
    with pytest.raises(CargoFailed, match="cargo login"):
        cargo.package(tmp_path, "app", deps=[_dependency("secret")]).run("generate-lockfile")
    made = _made_below(deployment, private)
    assert made and all(line == "HTTP/2.0 GET /config.json 401" for line in made)


def test_lock_of_200_crates_goes_over_few_connections(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Each index file is asked for once, side by side on the connections that cargo has."""
    registry = deployment.pulp.make_registry()
    with ThreadPoolExecutor(8) as pool:
        # Those that wait for each other are committed together.
        list(pool.map(lambda name: deployment.publish(registry, Crate(name)), LEAVES))
    deployment.publish(registry, Crate("root", deps=[Dep(name=name) for name in LEAVES]))
    cargo = deployment.cargo(tmp_path / "home", registry)
    app = cargo.package(tmp_path, "app", deps=[_dependency("root")])
    app.run("generate-lockfile")
    # The package itself stands in the lock file, too.
    assert len(app.locked()) == 1 + 200
    asked = [*(index_path(name) for name in ("root", *LEAVES)), "config.json"]
    made = _made_below(deployment, registry)
    assert sorted(made) == sorted(f"HTTP/2.0 GET /{path} 200" for path in asked)
    assert len(deployment.nginx.connections(urlsplit(registry.url).path)) <= 2


def test_large_crate_comes_back_as_it_went(deployment: Deployment, tmp_path: Path) -> None:
    """30 MiB that cannot be compressed, far above what nginx takes unless it is told to."""
    registry = deployment.pulp.make_registry()
    noise = os.urandom(30 * MIB)
    cargo = deployment.cargo(tmp_path / "home", registry)
    large = cargo.package(tmp_path, "large")
    (large.folder / "noise").write_bytes(noise)
    large.publish("--no-verify")
    cargo.package(tmp_path, "app", deps=[_dependency("large")]).run("fetch")
    (unpacked,) = (cargo.home / "registry" / "src").glob("*/large-1.0.0/noise")
    assert unpacked.read_bytes() == noise
    made = _made_below(deployment, registry)
    assert "HTTP/2.0 PUT /api/v1/crates/new 200" in made
    assert "HTTP/2.0 GET /api/v1/crates/large/1.0.0/download 200" in made


def test_crate_above_the_limit_is_refused_in_words_of_ours(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Cargo hears the sentence although it has not sent all of the crate."""
    registry = deployment.pulp.make_registry()
    cargo = deployment.cargo(tmp_path / "home", registry)
    large = cargo.package(tmp_path, "too-large")
    (large.folder / "noise").write_bytes(os.urandom(51 * MIB))
    with pytest.raises(CargoFailed, match="accepts at most 52428800"):
        large.publish("--no-verify")
