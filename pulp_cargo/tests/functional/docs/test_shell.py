"""A page that fails leaves the next one a shell in which it can work."""

from pathlib import Path

import pytest

from pulp_cargo.tests.functional.docs.conftest import environment
from pulp_cargo.tests.functional.docs.shell import Block, Shell

FIRST = Block("mkdir here && cd here\nA='two\nlines'\nexport B='a b'\nsay() { echo \"<$A>\"; }\n")
SECOND = Block("say\nenv | grep '^B='\npwd\n", prints="<two\nlines>\nB=a b\n…/here\n")
FAILING = {
    "a-command-fails": Block("false\n"),
    "exit": Block("exit 3\n"),
    "killed": Block("kill $$\n"),
    "prints-something-else": Block("echo yes\n", prints="no\n"),
    "does-not-fail": Block("true\n", fails=True),
}


@pytest.mark.parametrize("failing", FAILING.values(), ids=FAILING)
def test_next_page_has_what_the_last_one_left_that_worked(tmp_path: Path, failing: Block) -> None:
    """Variables, functions and the directory, and nothing of the page that has failed."""
    with Shell(tmp_path, environment()) as shell:
        shell.read([FIRST])
        with pytest.raises(AssertionError):
            shell.read([Block("cd ..\nA=lost\nunset B\n"), failing])
        shell.read([SECOND])
