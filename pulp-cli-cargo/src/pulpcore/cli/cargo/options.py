"""Options that several of the commands have."""

import io
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_callback,
    lookup_callback,
    pulp_option,
    remote_header_callback,
    resource_option,
)
from pulp_glue.cargo.context import (
    PulpCargoDistributionContext,
    PulpCargoRemoteContext,
    PulpCargoRepositoryContext,
)
from pulp_glue.common.context import (
    EntityDefinition,
    PulpDistributionContext,
    PulpRemoteContext,
    PulpRepositoryContext,
)


def _name_or_href(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    is_href = value is not None and value.startswith(("/", "prn:"))
    return (href_callback() if is_href else lookup_callback("name"))(ctx, param, value)


def _headers(
    ctx: click.Context, param: click.Parameter, value: Iterable[str]
) -> list[dict[str, str]] | None:
    # pulp-cli's callback prints what it was given.
    with redirect_stderr(io.StringIO()):
        return remote_header_callback(ctx, param, value)


def quiet(command: click.Command) -> click.Command:
    """Keep a command with the common options of remotes from printing its headers."""
    for param in command.params:
        if param.name == "headers":
            param.callback = _headers
    return command


def described(group: click.Command, sentences: Mapping[str, str]) -> click.Command:
    """Give help to those commands of a group that pulp-cli makes without."""
    assert isinstance(group, click.Group)
    for name, sentence in sentences.items():
        group.commands[name].help = sentence
    return group


def output_version(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpCargoRepositoryContext,
    made: EntityDefinition | None,
    otherwise: str,
) -> None:
    """Print the version that a command made; if it made none, say why and print the newest."""
    if made is None:
        pulp_ctx.echo(f"{otherwise}: nothing changed.", err=True)
        made = repository_ctx.get_version_context(-1).entity
    pulp_ctx.output_result(made)


name_argument = click.argument(
    "name_or_href",
    metavar="[NAME]",
    required=False,
    callback=_name_or_href,
    expose_value=False,
)

repository_option = resource_option(
    "--repository",
    default_plugin="cargo",
    default_type="cargo",
    context_table={"cargo:cargo": PulpCargoRepositoryContext},
    href_pattern=PulpRepositoryContext.HREF_PATTERN,
    help="The repository, by name or href.",
)

remote_option = resource_option(
    "--remote",
    default_plugin="cargo",
    default_type="cargo",
    context_table={"cargo:cargo": PulpCargoRemoteContext},
    href_pattern=PulpRemoteContext.HREF_PATTERN,
    help="The remote, by name or href.",
)

distribution_option = resource_option(
    "--distribution",
    default_plugin="cargo",
    default_type="cargo",
    context_table={"cargo:cargo": PulpCargoDistributionContext},
    href_pattern=PulpDistributionContext.HREF_PATTERN,
    help="The distribution, by name or href.",
)

name_startswith_option = pulp_option(
    "--name-startswith",
    "name__startswith",
    help="Filter {entity} results where name begins with value",
)
