"""`pulp cargo repository` by names and versions of crates: yank, unyank, remove."""

import json
from collections.abc import Callable
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    load_file_wrapper,
    name_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_command,
    pulp_option,
    repository_lookup_option,
)
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import PulpRepositoryContext

from pulpcore.cli.cargo.options import name_argument, output_version

EXAMPLE = '[{"name": "careful", "vers": "0.1.0"}]'
CRATE_HELP = "The crate, in any spelling."
VERS_HELP = "The exact version, including build metadata."


@load_file_wrapper
def _crates(ctx: click.Context, param: click.Parameter, value: str) -> Any:
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.ClickException(f"The value of --crates is not valid JSON: {error}.") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise click.ClickException(f"--crates requires a list of objects, such as {EXAMPLE}.")
    return found


def _set_yanked(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    crate: str,
    vers: str,
    *,
    yanked: bool,
) -> None:
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    made = repository_ctx.set_yanked(crate, vers, yanked=yanked)
    state = "is already yanked" if yanked else "is not yanked"
    output_version(pulp_ctx, repository_ctx, made, f"`{crate} {vers}` {state}")


def _of_one_version(command: Callable[..., None]) -> Callable[..., None]:
    """Add a repository, and options for a crate version, to a command."""
    for add in (
        pass_pulp_context,
        pass_repository_context,
        click.option("--vers", required=True, help=VERS_HELP),
        click.option("--crate", required=True, help=CRATE_HELP),
        repository_lookup_option,
        href_option,
        name_option,
        name_argument,
    ):
        command = add(command)
    return command


@pulp_command(help="Yank a version of a crate, so that new lock files do not use it.")
@_of_one_version
def yank(
    pulp_ctx: PulpCLIContext, repository_ctx: PulpRepositoryContext, /, crate: str, vers: str
) -> None:
    """Yank a version, and print the new repository version."""
    _set_yanked(pulp_ctx, repository_ctx, crate, vers, yanked=True)


@pulp_command(help="Unyank a version of a crate.")
@_of_one_version
def unyank(
    pulp_ctx: PulpCLIContext, repository_ctx: PulpRepositoryContext, /, crate: str, vers: str
) -> None:
    """Unyank a version, and print the new repository version."""
    _set_yanked(pulp_ctx, repository_ctx, crate, vers, yanked=False)


@pulp_command(
    help="Remove versions of crates in one new repository version. If one does not exist, none is"
    " removed."
)
@name_argument
@name_option
@href_option
@repository_lookup_option
@click.option("--crate", help=CRATE_HELP)
@click.option("--vers", help=VERS_HELP)
@pulp_option(
    "--crates",
    callback=_crates,
    help="Several versions: a JSON list of objects with `name` and `vers`, or '@' followed by the path"
    " of a file.",
)
@pass_repository_context
@pass_pulp_context
def remove(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    crate: str | None,
    vers: str | None,
    crates: Any,
) -> None:
    """Remove them, and print the new repository version."""
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    if crates is None and crate is not None and vers is not None:
        crates = [{"name": crate, "vers": vers}]
    elif crates is None or crate is not None or vers is not None:
        raise click.ClickException("Give either --crate and --vers, or --crates.")
    made = repository_ctx.remove_crates(crates)
    output_version(pulp_ctx, repository_ctx, made, "There was nothing to remove")
