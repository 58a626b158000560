"""Builds from exports of a registry, with the real cargo, after the registry has gone."""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pulp_glue.cargo.export.from_registry import export_registry
from pulp_glue.cargo.registry_client import RegistryClient

from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.registry import Registry
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.cargo

SOURCE = {"src/lib.rs": b"pub fn one() -> i32 { 1 }"}
MAIN = "fn main() { outer::one(); }"


@pytest.fixture(scope="module")
def private(stack: Stack) -> Registry:
    """A private registry: of `inner` 1.5.0 is yanked, and `outer` depends on `inner`."""
    registry = stack.make_registry(auth_required=True)
    registry.publish(Crate("inner", files=SOURCE))
    registry.publish(Crate("inner", "1.5.0", files=SOURCE))
    registry.publish(Crate("outer", deps=[Dep(name="inner")], files=SOURCE))
    registry.yank("inner", "1.5.0")
    return registry


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder as a web server for plain files does; yields its URL."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Print nothing."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    threading.Thread(target=http.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/"
    http.shutdown()
    http.server_close()


def built(folder: Path, config: str, line: str) -> dict[str, str]:
    """Build a program without any other registry; return the sources in its lock file."""
    cargo = Cargo(folder / "home", {}).configure(config)
    project = cargo.package(folder, "app", deps=[line], main=MAIN)
    project.run("build")
    return {key: source for key, (source, _) in project.locked().items() if key[0] in "io"}


def export(registry: Registry, folder: Path, kind: str, **how: str) -> int:
    """Export a registry with its token, and return how many files or commits were new."""
    report = export_registry(
        RegistryClient(registry.index_url, registry.token), folder, kind, **how
    )
    assert report.problems == []
    return report.added


def test_static_registry(private: Registry, tmp_path: Path) -> None:
    """Any web server serves it; the yanked version is not chosen."""
    folder = tmp_path / "public"
    with served(folder) as url:
        assert (
            export(
                private, folder, "static", dl=f"{url}crates/{{crate}}/{{crate}}-{{version}}.crate"
            )
            == 3
        )
        config = f'[registries.static]\nindex = "sparse+{url}"\n'
        found = built(tmp_path, config, 'outer = { version = "1", registry = "static" }')
    assert found == {"inner 1.0.0": f"sparse+{url}", "outer 1.0.0": f"sparse+{url}"}
    assert (folder / "in/ne/inner").read_bytes() == private.index_file(
        "inner", token=private.token
    ).body


@pytest.mark.parametrize(("kind", "key"), [("local-registry",) * 2, ("directory", "directory")])
def test_in_the_place_of_the_registry(
    private: Registry, tmp_path: Path, kind: str, key: str
) -> None:
    """A build with the registry's own lock file, as cargo replaces sources."""
    folder = tmp_path / "copy"
    assert export(private, folder, kind) == (3 if kind == "local-registry" else 2)
    config = (
        f'[registries.mine]\nindex = "{private.index_url}"\n'
        f'[source.mine]\nregistry = "{private.index_url}"\nreplace-with = "copy"\n'
        f'[source.copy]\n{key} = "{folder}"\n'
    )
    found = built(tmp_path, config, 'outer = { version = "1", registry = "mine" }')
    assert found == dict.fromkeys(["inner 1.0.0", "outer 1.0.0"], private.index_url)
    assert export(private, folder, kind) == 0


def test_git_index(private: Registry, tmp_path: Path) -> None:
    """From a file URL, with the files of a static export; a second run makes no second commit."""
    export(private, tmp_path / "static", "static", dl="https://unused.example/{crate}")
    folder = tmp_path / "index.git"
    dl = f"file://{tmp_path}/static/crates/{{crate}}/{{crate}}-{{version}}.crate"
    assert [export(private, folder, "git", dl=dl) for _ in range(2)] == [1, 0]
    config = f'[registries.git]\nindex = "file://{folder}"\n'
    found = built(tmp_path, config, 'outer = { version = "1", registry = "git" }')
    url = f"registry+file://{folder}"
    assert found == {"inner 1.0.0": url, "outer 1.0.0": url}
