"""`pulp cargo repository snapshot`, and the options of repositories for signatures."""

from collections.abc import Callable
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    load_string_callback,
    name_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_option,
    repository_lookup_option,
)
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import PulpRepositoryContext
from pulp_glue.core.context import PulpSigningServiceContext

from pulpcore.cli.cargo.options import name_argument
from pulpcore.cli.cargo.progress import bars


def _signing_service(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """Return the href of a service that is given by its name or href; empty removes it."""
    if not value or value.startswith(("/", "prn:")):
        return value
    pulp_ctx = ctx.find_object(PulpCLIContext)
    assert pulp_ctx is not None
    return str(PulpSigningServiceContext(pulp_ctx, entity={"name": value}).pulp_href)


def _keys_option(what: str) -> Callable[..., Any]:
    return pulp_option(
        "--snapshot-keys",
        callback=load_string_callback,
        help=f"OpenPGP public keys, or `@FILE` with them. {what} must be signed by one of them. An"
        " empty value removes them.",
    )


signing_options = [
    pulp_option(
        "--signing-service",
        callback=_signing_service,
        help="The signing service for snapshots, by name or href; an empty value removes it.",
    ),
    _keys_option("Imported bundles"),
]
upstream_keys_option = _keys_option("For a sync, the snapshot of the upstream")


@click.command(
    help="Make the snapshot of a version: a list of its crate versions, which the signing service of"
    " the repository signs. Registries serve it as `snapshot.json`."
)
@name_argument
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--number", type=click.IntRange(min=0), help="The number of the version; by default the newest."
)
@pass_repository_context
@pass_pulp_context
def snapshot(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    number: int | None,
) -> None:
    """Make it, and print what it says."""
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    with bars(pulp_ctx):
        made = repository_ctx.make_snapshot(number)
    pulp_ctx.output_result(made)
