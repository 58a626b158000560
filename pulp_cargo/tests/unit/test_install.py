"""The progress of `make serve` while it installs packages."""

from io import StringIO

from scripts.install import progress, show

# Printed by pip 25.
OUTPUT = """\
Obtaining file:///home/me/pulp_cargo
  Installing build dependencies: started
Collecting aiohttp>=3.12 (from pulp-cargo==0.1.0)
  Using cached aiohttp-3.13.2-cp311-cp311-manylinux_2_17_x86_64.whl.metadata (8.1 kB)
Requirement already satisfied: packaging in ./.venv/lib/python3.11/site-packages (25.0)
Collecting django-filter<26,>=23.1 (from pulpcore<3.130,>=3.123->pulp-cargo==0.1.0)
Downloading https://files.example/aiohttp-3.13.2-cp311-cp311-manylinux_2_17_x86_64.whl (1.7 MB)
Building editable for pulp-cargo (pyproject.toml): started
Installing collected packages: aiohttp, django-filter, pulp-cargo
Successfully installed aiohttp-3.13.2 django-filter-25.2 pulp-cargo-0.1.0
"""


class Terminal(StringIO):
    """A stream that is shown to a person."""

    def isatty(self) -> bool:
        return True


def test_progress_says_what_pip_does() -> None:
    """Each step names its package, and the number of packages that were found so far."""
    assert list(progress(OUTPUT.splitlines(keepends=True))) == [
        "resolving aiohttp (1 found)",
        "using the cached aiohttp-3.13.2-cp311-cp311-manylinux_2_17_x86_64.whl.metadata (1 found)",
        "resolving django-filter (2 found)",
        "downloading aiohttp-3.13.2-cp311-cp311-manylinux_2_17_x86_64.whl (2 found)",
        "building pulp-cargo (2 found)",
        "installing 3 packages",
    ]


def test_terminal_has_one_line_that_is_rewritten() -> None:
    """Nothing of it remains at the end."""
    terminal = Terminal()
    show(["resolving aiohttp", "installing 3 packages"], terminal)
    assert terminal.getvalue() == (
        "\r\033[K  resolving aiohttp\r\033[K  installing 3 packages\r\033[K"
    )


def test_file_has_no_escape_sequences_and_few_lines() -> None:
    """A log of CI gets a line every ten seconds, so none of a short installation."""
    file = StringIO()
    show(["resolving aiohttp"] * 1000, file)
    assert file.getvalue() == ""
