"""`pulp cargo remote replaced`: versions whose bytes an upstream has replaced."""

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    limit_option,
    name_option,
    offset_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    remote_lookup_option,
)
from pulp_glue.cargo.context import PulpCargoRemoteContext
from pulp_glue.common.context import PulpEntityContext

from pulpcore.cli.cargo.params import adapted
from pulpcore.cli.cargo.tables import with_table


@pulp_group(
    help="Manage versions whose bytes the upstream has replaced. They are served unchanged until the"
    " new bytes are accepted."
)
def replaced() -> None:
    """Manage replaced versions."""


@replaced.command(name="list", help="List replaced versions, the latest first.")
@name_option
@href_option
@remote_lookup_option
@click.option("--crate", help="Only versions of this crate; its name in lower case.")
@click.option("--vers", help="Only this version.")
@click.option(
    "--accepted/--not-accepted",
    default=None,
    help="Only versions whose new bytes were accepted, or were not accepted.",
)
@limit_option
@offset_option
@pass_entity_context
@pass_pulp_context
def list_replaced(
    pulp_ctx: PulpCLIContext,
    remote_ctx: PulpEntityContext,
    /,
    crate: str | None,
    vers: str | None,
    accepted: bool | None,
    limit: int,
    offset: int,
) -> None:
    """Print the records."""
    assert isinstance(remote_ctx, PulpCargoRemoteContext)
    pulp_ctx.output_result(
        remote_ctx.replaced(limit, offset, name=crate, vers=vers, accepted=accepted)
    )


with_table(list_replaced, "name", "vers", "FOUND=found_at", "ACCEPTED=accepted_at")
adapted(
    list_replaced,
    limit={"help": "Limit the number of records to show."},
    offset={"help": "Skip a number of records to show."},
)


@replaced.command(
    help="Accept the new bytes of a version. Lock files with the old checksum then no longer build"
    " through this remote."
)
@name_option
@href_option
@remote_lookup_option
@click.option("--crate", required=True, help="The crate.")
@click.option("--vers", required=True, help="The version.")
@click.option(
    "--checksum",
    required=True,
    help="The SHA-256 of the new bytes, in hex.",
)
@pass_entity_context
@pass_pulp_context
def accept(
    pulp_ctx: PulpCLIContext,
    remote_ctx: PulpEntityContext,
    /,
    crate: str,
    vers: str,
    checksum: str,
) -> None:
    """Accept them, and print the record."""
    assert isinstance(remote_ctx, PulpCargoRemoteContext)
    pulp_ctx.output_result(remote_ctx.accept_replaced(crate, vers, checksum))
