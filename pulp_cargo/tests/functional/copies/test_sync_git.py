"""A mirror of a git index, over the REST API and with the real cargo."""

from collections.abc import Callable, Iterator
from functools import partial
from http.client import IncompleteRead
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pulp_cargo.tests.functional.copies.conftest import Copy
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate, Dep
from pulp_cargo.tests.support.git_index import GitIndex
from pulp_cargo.tests.support.rest import Refused, unique
from pulp_cargo.tests.support.serving import serving
from pulp_cargo.tests.support.stack import Stack

PACKAGE = "[package]\nname = 'app'\n"
CopyOf = Callable[..., Copy]


class Silent(SimpleHTTPRequestHandler):
    """Serves a folder without a log."""

    def log_message(self, *args: object) -> None:
        """Write nothing."""


@pytest.fixture
def web(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder, and the URL at which a server for files has it."""
    folder = tmp_path / "web"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=folder))
    with serving(server):
        yield folder, f"http://127.0.0.1:{server.server_port}"


def test_cargo_builds_from_a_mirror_of_a_git_index(
    web: tuple[Path, str], copy_of: CopyOf, tmp_path: Path, name: str
) -> None:
    """The same lock file builds from the mirror, and a lying checksum reaches nobody.

    The git repository is served as files, as static hosts do; files come on demand.
    """
    folder, origin = web
    index = GitIndex(tmp_path / "index", f"{origin}/files/{{crate}}-{{version}}.crate")
    crates = [Crate(name, deps=[Dep(name=f"{name}-b")]), Crate(f"{name}-b"), Crate(f"{name}-bad")]
    (folder / "files").mkdir()
    for crate in crates:
        (folder / "files" / f"{crate.name}-{crate.vers}.crate").write_bytes(crate.packed(index.url))
    for crate in crates[:2]:
        index.have(crate, cksum=crate.cksum(index.url))
    index.have(crates[2], cksum="0" * 64)
    index.publish_dumbly(folder / "index.git")
    copy = copy_of(f"{origin}/index.git")
    task = copy.sync(mirror=True)
    assert task["result"]["refused"] == []
    assert {one["code"]: one["done"] for one in task["progress_reports"]} == {
        "sync.cargo.index": 3,
        "sync.cargo.crates": 3,
    }
    with pytest.raises(IncompleteRead):
        copy.registry.download(f"{name}-bad")
    assert copy.rest.list("artifacts/", sha256=crates[2].cksum(index.url)) == []
    cargo = Cargo(tmp_path / "home", {"mine": copy.registry}).configure()
    app = cargo.package(tmp_path / "app", "app")
    app.run("add", name, "--registry", "mine")
    app.run("build")
    assert set(app.locked()) == {"app 1.0.0", f"{name} 1.0.0", f"{name}-b 1.0.0"}


def test_remotes_of_a_git_index_are_for_syncs_only(stack: Stack, name: str) -> None:
    """A cache needs files by name, which no git server has; folders must be allowed ones."""
    git = {"name": unique("up"), "url": "https://git.example.org/index.git"}
    remote = stack.rest.make("remotes/cargo/cargo/", **git)["pulp_href"]
    entry = {"name": "up", "remote": remote}
    for fields in ({"remote": remote}, {"upstreams": [entry]}):
        with pytest.raises(Refused, match="which only syncs can use") as refused:
            stack.rest.make("distributions/cargo/cargo/", name=name, base_path=name, **fields)
        assert refused.value.status == 400
    for url in ("file:///etc", "ext::sh -c id", "git://git.example.org/x", "/srv/index"):
        with pytest.raises(Refused) as refused:
            stack.rest.make("remotes/cargo/cargo/", name=unique("up"), url=url)
        assert refused.value.status == 400


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"crates": ["no name"]}, "the crate pattern 'no name' is invalid"),
        ({"crates": ["serde@one"]}, "the requirement 'one' is invalid"),
        ({"crates": ["serde@"]}, "has no requirement after the `@`"),
        ({"closure": True}, "`closure` requires `crates`, `lock_files` or `manifests`"),
        ({"newest": 0}, "greater than or equal to 1"),
        ({"lock_files": ["{"]}, "the lock file"),
        ({"lock_files": ["version = 4"]}, "No package in the lock files is from"),
        ({"manifests": ["a ="]}, "Cargo.toml number 1 is not TOML"),
        (
            {"manifests": [f"{PACKAGE}[dependencies]\na = 'one'"]},
            "`a` of .*: the requirement 'one'",
        ),
        (
            {"manifests": [f"{PACKAGE}[dependencies]\na = '1'"]},
            "No dependency in the manifests is from sparse.https://crates.example.org/: `a`: it is from crates.io",
        ),
        ({"crates": ["a"], "features": ["x"]}, "`features` limits a `closure`"),
        ({"crates": ["a"], "all_features": False}, "`all_features` limits a `closure`"),
        ({"crates": ["a"], "targets": ["x"]}, "`targets` requires `closure` or `manifests`"),
        (
            {"crates": ["a"], "closure": True, "all_features": True, "features": ["x"]},
            "`features` has no effect with `all_features`",
        ),
    ],
    ids=str,
)
def test_selections_that_are_refused(copy_of: CopyOf, fields: dict[str, Any], reason: str) -> None:
    """At once, before there is a task."""
    copy = copy_of("sparse+https://crates.example.org/")
    with pytest.raises(Refused, match=reason) as refused:
        copy.sync(**fields)
    assert refused.value.status == 400


def test_mirror_of_what_manifests_need(
    web: tuple[Path, str], copy_of: CopyOf, tmp_path: Path, name: str
) -> None:
    """Of a workspace and its member, as text; the result names what is from elsewhere."""
    folder, origin = web
    index = GitIndex(tmp_path / "index", f"{origin}/files/{{crate}}-{{version}}.crate")
    index.have(Crate(name, "1.0.0", deps=[Dep(name=f"{name}-b")]), Crate(name, "2.0.0"))
    index.have(Crate(f"{name}-b"), Crate(f"{name}-other"))
    index.publish_dumbly(folder / "index.git")
    copy = copy_of(f"{origin}/index.git")
    workspace = f"""
        [workspace.dependencies]
        alias = {{ package = "{name}", version = "1", registry = "mine" }}
    """
    member = f"dependencies = {{ alias = {{ workspace = true }}, serde = '1' }}\n{PACKAGE}"
    task = copy.sync(manifests=[workspace, member], registry="mine", closure=True, mirror=True)
    assert [one["vers"] for one in copy.registry.index(name)] == ["1.0.0"]
    assert copy.registry.entry(f"{name}-b")["vers"] == "1.0.0"
    assert copy.registry.index_file(f"{name}-other").status == 404
    assert task["result"]["refused"] == [
        {
            "name": "serde",
            "vers": "^1",
            "reason": "it is from crates.io, says the Cargo.toml of `app`",
        }
    ]
