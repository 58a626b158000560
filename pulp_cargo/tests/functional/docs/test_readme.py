"""The README's first publish, typed as it stands there after `make serve`."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from pulp_cargo.serve import report
from pulp_cargo.serve.report import Ready
from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import DOCS, FENCE, Block, Shell
from pulp_cargo.tests.support.stack import Stack

README = DOCS.parent / "README.md"
PASTE = re.compile(r"^(?:In|.* add to) ~/(\S+):\n\n((?:    .*\n|\n)+)", re.MULTILINE)
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
    ready = {name: stack.ready[name] for name in KEPT}
    pasted = PASTE.findall(report.for_people(Ready(**ready, logs=stack.data_dir)))
    config, credentials = ".cargo/config.toml", ".cargo/credentials.toml"
    assert [path for path, _ in pasted] == [config, credentials, config]
    (reader.home / ".cargo").mkdir()
    for path, text in pasted:
        with (reader.home / path).open("a") as file:
            file.write(dedent(text))
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
