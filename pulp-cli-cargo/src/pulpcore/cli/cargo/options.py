"""Options of several commands."""

import io
from collections.abc import Iterable, Mapping
from contextlib import redirect_stderr
from typing import Any

import click
from click.core import ParameterSource
from pulp_cli.generic import (
    PulpCLIContext,
    href_callback,
    lookup_callback,
    pulp_option,
    remote_header_callback,
    resource_option,
)
from pulp_glue.cargo.context import (
    PulpCargoCratePolicyContext,
    PulpCargoRemoteContext,
    PulpCargoRepositoryContext,
)
from pulp_glue.cargo.distribution import PulpCargoDistributionContext
from pulp_glue.common.context import (
    EntityDefinition,
    PulpDistributionContext,
    PulpRemoteContext,
    PulpRepositoryContext,
)

from pulpcore.cli.cargo.params import Count, ReferenceOption, adapted

COMMANDLINE = ParameterSource.COMMANDLINE
# The options that identify the object of a command, like NAME.
NAMING = ("name", "href", "repository", "distribution")


def _name_or_href(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    # click processes arguments after all options, so it is known which ones were given.
    given = [one for one in NAMING if ctx.get_parameter_source(one) is COMMANDLINE]
    if value is not None and given:
        raise click.ClickException(f"Give either NAME or --{given[0]}.")
    is_href = value is not None and value.startswith(("/", "prn:"))
    return (href_callback() if is_href else lookup_callback("name"))(ctx, param, value)


def _headers(
    ctx: click.Context, param: click.Parameter, value: Iterable[str]
) -> list[dict[str, str]] | None:
    # pulp-cli's callback prints the value.
    with redirect_stderr(io.StringIO()):
        return remote_header_callback(ctx, param, value)


def for_remotes(command: click.Command) -> click.Command:
    """Fix the common options of remotes, one of which prints its value."""
    return adapted(
        command,
        headers={"callback": _headers},
        url={
            "help": "The URL of the upstream's index as in cargo's configuration, such as"
            " sparse+https://crates.example.org/; for syncs also a git index (https://, ssh://, file://)"
            " or a local registry (file://)"
        },
        download_concurrency={"type": Count()},
    )


def described(group: click.Command, sentences: Mapping[str, str]) -> click.Command:
    """Add help to the commands of a group that pulp-cli creates without it."""
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
    """Print the version that a command created; if none, print the reason and the newest."""
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


def _reference_option(
    what: str, context: type[Any], href_pattern: str, resource_type: str = "cargo"
) -> Any:
    return resource_option(
        f"--{what}",
        default_plugin="cargo",
        default_type=resource_type,
        cls=ReferenceOption,
        of=context,
        context_table={f"cargo:{resource_type}": context},
        href_pattern=href_pattern,
        help=f"The {what.replace('-', ' ')}, by name, href or PRN.",
    )


repository_option = _reference_option(
    "repository", PulpCargoRepositoryContext, PulpRepositoryContext.HREF_PATTERN
)
remote_option = _reference_option("remote", PulpCargoRemoteContext, PulpRemoteContext.HREF_PATTERN)
distribution_option = _reference_option(
    "distribution", PulpCargoDistributionContext, PulpDistributionContext.HREF_PATTERN
)
crate_policy_option = _reference_option(
    "crate-policy",
    PulpCargoCratePolicyContext,
    PulpCargoCratePolicyContext.HREF_PATTERN,
    "crate-policies",
)

name_startswith_option = pulp_option(
    "--name-startswith",
    "name__startswith",
    help="Filter {entity} results where name begins with value",
)
