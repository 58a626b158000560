"""Runs a page that builds on no other one, with Pulp's command line at hand."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import Shell, about_here, blocks


def run_page(page: Path, values: Mapping[str, str]) -> None:
    """Run a page that builds on no other one, in a home with nothing in it."""
    environ = environment()
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    with (
        tempfile.TemporaryDirectory(prefix="pulp-cargo-reader-") as home,
        Shell(Path(home), environ) as reader,
    ):
        for block in blocks(page):
            reader.run(about_here(block, values))
