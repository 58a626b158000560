"""The reference of the command line has every command with its options."""

import re

import click

from pulp_cargo.tests.unit.cli.commands import commands, options
from pulp_cargo.tests.unit.test_docs import DOCS

PAGE = (DOCS / "user" / "reference" / "cli.md").read_text()
ROW = re.compile(r"^\| (`[^|]*`|\*\w+\*) \| (.*) \|$", re.MULTILINE)


def test_every_command_is_documented_with_its_options() -> None:
    """The tables have the commands and options of the code, and no others."""
    words = {word.strip("*"): _named(cell) for word, cell in ROW.findall(PAGE) if word[0] == "*"}
    documented = {}
    for section in re.split(r"^## ", PAGE, flags=re.MULTILINE):
        title = re.match(r"`pulp (cargo(?: [\w-]+)?)`", section)
        for command, cell in ROW.findall(section) if title else []:
            short = {one for word in re.findall(r"\*(\w+)\*", cell) for one in words[word]}
            path = (*title[1].split(), *command.strip("`").split())
            documented[path] = _named(cell) | short
    code = {
        words: options(command)
        for words, command in commands().items()
        if not isinstance(command, click.Group)
    }
    assert documented == code


def _named(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))
