"""Walks through the commands of `pulp cargo`, without a server."""

from collections.abc import Iterator
from functools import cache

import click
from pulp_cli import load_plugins, main


@cache
def commands() -> dict[tuple[str, ...], click.Command]:
    """Return every command and group by its words after `pulp`."""
    load_plugins()
    return dict(_walk(("cargo",), main.commands["cargo"]))


def _walk(
    words: tuple[str, ...], command: click.Command
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from _walk((*words, name), below)


def options(command: click.Command) -> set[str]:
    """Return the long options of a command, and its arguments in capitals."""
    found = set()
    for param in command.params:
        if isinstance(param, click.Argument):
            found.add(param.metavar or str(param.name).upper())
        else:
            found |= {name for name in (*param.opts, *param.secondary_opts) if len(name) > 2}
    return found
