"""The monitoring guide's check, as it is written."""

from pathlib import Path

from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import DOCS, Shell, about_here, blocks
from pulp_cargo.tests.support.stack import Stack


def test_check_of_the_guide_prints_what_it_says(stack: Stack, tmp_path: Path) -> None:
    """The page for probes says that all is well."""
    with Shell(tmp_path, environment()) as shell:
        for block in blocks(DOCS / "admin" / "guides" / "monitoring.md"):
            shell.run(about_here(block, {"ORIGIN": stack.content_url}))
