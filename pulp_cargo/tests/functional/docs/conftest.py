"""A reader of the guides: a home directory with nothing in it, and a shell that stays open."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.deployment.nginx import free_port
from pulp_cargo.tests.functional.docs.shell import DOCS, Shell, about_here, blocks
from pulp_cargo.tests.support import sparse_upstream
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.sparse_upstream import SparseUpstream
from pulp_cargo.tests.support.stack import Stack

GUIDES = DOCS / "user" / "guides"


def environment() -> dict[str, str]:
    """Return the environment without what makes programs look into the tester's own files.

    `make setup` has put `pulp` beside the Python of the tests.
    """
    own = ("CARGO_", "PULP_", "XDG_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    # rustup finds its toolchains below the home directory, which the reader has not.
    kept.setdefault("RUSTUP_HOME", str(Path.home() / ".rustup"))
    return kept


@pytest.fixture(scope="session")
def home() -> Iterator[Path]:
    """An empty home directory."""
    directory = Path(tempfile.mkdtemp(prefix="pulp-cargo-reader-"))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[SparseUpstream]:
    """A registry outside of this Pulp, which has nothing of it in its storage."""
    with sparse_upstream.running() as server:
        server.have(Crate("itoa", "1.0.15", files={"src/lib.rs": b"// Not that of the other.\n"}))
        yield server


@pytest.fixture(scope="session")
def values(stack: Stack, elsewhere: SparseUpstream) -> Mapping[str, str]:
    """What the guides ask their reader for: the first one's first block, and one of export.md.

    In the place of crates.io stands a registry with one crate of it.
    """
    ready = stack.ready
    upstream = stack.make_registry()
    upstream.publish(Crate("itoa", "1.0.11"))
    return {
        "PULP": ready["api_url"],
        "PULP_USER": ready["admin_user"],
        "PULP_PASSWORD": ready["admin_password"],
        "UPSTREAM": upstream.index_url,
        "GATE": '"--distribution gate --crates-io"',
        "CRATES_IO": elsewhere.index_url,
        "AWAY": '"--distribution away --crates-io"',
        "EXPORTS": str(stack.data_dir / "exports"),
        "CRATE": "itoa",
        "WEB_PORT": str(free_port()),
    }


@pytest.fixture(scope="session")
def shell(home: Path, values: Mapping[str, str]) -> Iterator[Shell]:
    """A shell in which the guide to a private registry, on which the others build, has been run."""
    if shutil.which("curl") is None:
        pytest.skip("the guides use curl")
    with Shell(home, environment()) as reader:
        here = {**values, "VENV": str(reader.venv)}
        reader.read(about_here(block, here) for block in blocks(GUIDES / "private-registry.md"))
        yield reader
