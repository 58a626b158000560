"""Groups, options and values that pulp-cli lacks, or that are insufficient there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from typing import Any

import click
from pulp_cli.generic import PulpGroup, PulpOption
from pulp_glue.cargo.base import CargoEntityContext
from pulp_glue.common.context import PulpEntityContext

EARLIEST_YEAR = 1000


class TypedGroup(PulpGroup):
    """A group whose help page lists all commands, since it is printed before a type is chosen."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, if the chosen type has it."""
        if isinstance(ctx.obj, PulpEntityContext):
            return super().get_command(ctx, cmd_name)
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands that the chosen type has."""
        if isinstance(ctx.obj, PulpEntityContext):
            return super().list_commands(ctx)
        return sorted(self.commands)


class CargoGroup(PulpGroup):
    """A group that reports files that cannot be read or written, for instance on a full disk."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with errors_of_files():
            return super().invoke(ctx)


@contextmanager
def errors_of_files() -> Iterator[None]:
    """Turn an OSError into a sentence; a closed pipe, as of `| head -1`, is left to click."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        # Without the name of a file, it is usually the output.
        what = (
            f"'{error.filename}' cannot be read or written" if error.filename else "Output failed"
        )
        raise click.ClickException(f"{what}: {reason}.") from error


class ReferenceOption(PulpOption):
    """An option that references an object of one kind, `of`."""

    def __init__(self, *args: Any, of: type[CargoEntityContext], **kwargs: Any) -> None:
        self.of = of
        super().__init__(*args, **kwargs)

    def process_value(self, ctx: click.Context, value: Any) -> Any:
        """Refuse objects of other kinds."""
        if isinstance(value, str) and not self._is_right(value):
            raise click.ClickException(
                f"{value!r} is not a {self.of.ENTITY}: {self.opts[0]} requires the name, href or PRN"
                " of one."
            )
        return super().process_value(ctx, value)

    def _is_right(self, value: str) -> bool:
        if value.startswith("/"):
            return f"/{self.of.HREF_TEMPLATE.partition('{')[0]}" in value
        if value.startswith("prn:"):
            return value.startswith(f"prn:{self.of.PLUGIN}.{self.of.MODEL}:")
        # pulp-cli accepts `plugin:type:name`.
        *kind, _ = value.split(":", maxsplit=2)
        return all(one in ("", "cargo") for one in kind)


class Count(click.IntRange):
    """A number of at least `least`, or an empty value, which removes the setting."""

    def __init__(self, least: int = 1) -> None:
        super().__init__(min=least)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse the value."""
        return value if value == "" else super().convert(value, param, ctx)


def adapted(command: click.Command, **params: dict[str, Any]) -> click.Command:
    """Change attributes of parameters, by their names, of a command that pulp-cli creates."""
    for param in command.params:
        for attribute, value in params.get(param.name or "", {}).items():
            setattr(param, attribute, value)
    return command


def refusing_binary_files(command: click.Command) -> click.Command:
    """Let options that accept `@FILE` refuse files that are not UTF-8, in all commands of a group."""
    if isinstance(command, click.Group):
        for below in command.commands.values():
            refusing_binary_files(below)
    for param in command.params:
        if param.callback is not None:
            param.callback = _refusing_binary(param.callback)
    return command


def _refusing_binary(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def call(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
        try:
            return callback(ctx, param, value)
        except UnicodeDecodeError as error:
            path = str(value).removeprefix("@")
            raise click.ClickException(f"'{path}' cannot be read: it is not UTF-8.") from error

    return call


def parse_moment(text: str) -> datetime:
    """Parse a time, in UTC unless it has another offset."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise click.ClickException(
            f"{text!r} is not a date: use the form 2030-01-31 or 2030-01-31T12:00:00Z."
        ) from error
    # The standard library writes earlier years without zeros, which Pulp cannot read.
    if moment.year < EARLIEST_YEAR:
        raise click.ClickException(f"{text!r} is before the year {EARLIEST_YEAR}.")
    return moment
