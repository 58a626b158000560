"""The README's first publish, typed as it stands there after `make serve`."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from pulp_cargo.serve import report
from pulp_cargo.serve.cargo_files import files_for
from pulp_cargo.serve.ready import Ready
from pulp_cargo.serve.report import Setup
from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import DOCS, FENCE, Block, Shell
from pulp_cargo.tests.support.stack import Stack

README = DOCS.parent / "README.md"
PASTE = re.compile(r"^Add to (\S+):\n((?:    .*\n)+)", re.MULTILINE)
KEPT = (
    *("api_url", "content_url", "index_url", "cache_index_url"),
    *("token", "admin_password", "pids"),
)


@pytest.fixture
def reader() -> Iterator[Shell]:
    """A shell in an empty home directory."""
    with (
        tempfile.TemporaryDirectory(prefix="pulp-cargo-reader-") as home,
        Shell(Path(home), environment()) as shell,
    ):
        yield shell


def test_first_publish_works_with_what_serve_prints(stack: Stack, reader: Shell) -> None:
    """Paste what is printed, type the commands, see the lines between them.

    crates.io is replaced by the cache then, and nothing of it is needed here.
    """
    cargo_home = reader.home / ".cargo"
    ready = Ready(**{name: stack.ready[name] for name in KEPT}, data_dir=stack.data_dir)
    setup = Setup(files_for(ready, {"CARGO_HOME": str(cargo_home)}))
    pasted = dict(PASTE.findall(report.for_people(ready, setup)))
    assert set(pasted) == {f"{cargo_home}/config.toml", f"{cargo_home}/credentials.toml"}
    cargo_home.mkdir()
    for path, text in pasted.items():
        Path(path).write_text(dedent(text))
    for block in _session():
        reader.run(block)


def _session() -> Iterator[Block]:
    """Go through the commands of the README that are not for `make`, with what they print."""
    texts = [text for kind, text in FENCE.findall(README.read_text()) if kind == "console"]
    for text in texts:
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, _, prints = part.partition("\n")
            if not command.startswith("make "):
                yield Block(command, prints=prints)


def test_readme_is_short() -> None:
    """A README says what a thing is; the rest is in the documents."""
    assert len(README.read_text().splitlines()) < 80
