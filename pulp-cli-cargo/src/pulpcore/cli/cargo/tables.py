"""Lists as tables: `--format table` of our commands, which pulp-cli has not."""

import shutil
import sys
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click
from pulp_cli.generic import REGISTERED_OUTPUT_FORMATTERS, PulpCLIContext

# pulp-cli's own formats, before ours are added.
FORMATS = [*REGISTERED_OUTPUT_FORMATTERS]
TABLE = "table"
GAP = "  "
# The last column is wrapped to the terminal's width, unless less than this remains for it.
LEAST_WIDTH = 24


def with_table(command: click.Command, *columns: str) -> click.Command:
    """Add the option `--format` to a command that prints a list of objects with these fields.

    A column is a field, or `HEADING=field`; the first one that exists of `field|other` is shown.
    """
    kind = f"table of {', '.join(columns)}"
    REGISTERED_OUTPUT_FORMATTERS[kind] = lambda result: of_objects(result, columns, _width())

    def choose(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        pulp_ctx = ctx.find_object(PulpCLIContext)
        if value is not None and pulp_ctx is not None:
            pulp_ctx.format = kind if value == TABLE else value

    command.params.append(
        click.Option(
            ["--format"],
            type=click.Choice([*FORMATS, TABLE]),
            callback=choose,
            expose_value=False,
            help="The output format; by default, that of `pulp --format`.",
        )
    )
    return command


def of_objects(result: Any, columns: Sequence[str], width: int | None = None) -> str:
    """Return objects as a table, with the columns that at least one of them has."""
    objects = result["results"] if isinstance(result, Mapping) else result
    shown: list[tuple[str, list[str]]] = []
    for column in columns:
        heading, _, fields = column.rpartition("=")
        names = fields.split("|")
        values = [next((one[name] for name in names if name in one), None) for one in objects]
        if not objects or any(name in one for one in objects for name in names):
            shown.append(
                (heading or names[0].replace("_", " "), [_text(value) for value in values])
            )
    if not shown:
        # Other fields were chosen.
        names = list(dict.fromkeys(name for one in objects for name in one))
        shown = [
            (name.replace("_", " "), [_text(one.get(name)) for one in objects]) for name in names
        ]
    headings = [heading.upper() for heading, _ in shown]
    return render(headings, list(zip(*(values for _, values in shown), strict=True)), width)


def render(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Return a table; the last column is wrapped to the width, if one is given.

    >>> print(render(["NAME", "VERSION"], [["serde", "1.0.0"], ["x", "2.0.0"]]))
    NAME   VERSION
    serde  1.0.0
    x      2.0.0
    """
    if not headings:
        return ""
    lines = [headings, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    before = sum(widths[:-1]) + len(GAP) * (len(widths) - 1)
    rest = max(LEAST_WIDTH, width - before) if width is not None else None
    found = []
    for line in lines:
        cells = [text.ljust(size) for text, size in zip(line[:-1], widths, strict=False)]
        parts = textwrap.wrap(line[-1], rest) if rest is not None else [line[-1]]
        first, *more = parts or [""]
        found.append(GAP.join([*cells, first]).rstrip())
        found += [f"{' ' * before}{part}" for part in more]
    return "\n".join(found)


def as_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table for the terminal, or as wide as it becomes for others."""
    return render(headings, rows, _width())


def wrapped(text: str) -> str:
    """Return a line in lines of the terminal's width; elsewhere it stays one that can be searched."""
    width = _width()
    return text if width is None else textwrap.fill(text, width, subsequent_indent=GAP)


def _width() -> int | None:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _text(value: Any) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(_text(one) for one in value) or "-"
        case Mapping():
            return ", ".join(f"{key}={_text(one)}" for key, one in value.items()) or "-"
    # Line breaks and other control characters would change the table, or the terminal.
    return "".join(one if one.isprintable() else " " for one in str(value))
