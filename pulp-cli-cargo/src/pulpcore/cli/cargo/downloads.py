"""`pulp cargo distribution downloads`: how often crates were downloaded."""

from datetime import datetime

import click
from pulp_cli.generic import (
    PulpCLIContext,
    distribution_lookup_option,
    href_option,
    limit_option,
    name_option,
    offset_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_command,
)
from pulp_glue.cargo.distribution import DOWNLOADS, PulpCargoDistributionContext
from pulp_glue.common.context import PulpEntityContext

from pulpcore.cli.cargo.options import name_argument
from pulpcore.cli.cargo.params import adapted, parse_moment
from pulpcore.cli.cargo.tables import with_table


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    return None if value is None else parse_moment(value)


@pulp_command(help="List how often the crates of a registry were downloaded, highest counts first.")
@name_argument
@name_option
@href_option
@distribution_lookup_option
@click.option(
    "--by",
    type=click.Choice(list(DOWNLOADS)),
    default="crate",
    show_default=True,
    help="Whether to count per crate, per version, or per version and day. Days cover the last 90 days,"
    " the latest first.",
)
@click.option("--crate", help="Only this crate.")
@click.option("--vers", help="Only this version; requires `--by version` or `--by day`.")
@click.option(
    "--unused-since",
    callback=_moment,
    help="Only what has not been downloaded since this time, such as 2030-01-31T12:00:00Z;"
    " not with `--by day`.",
)
@limit_option
@offset_option
@pass_entity_context
@pass_pulp_context
def downloads(
    pulp_ctx: PulpCLIContext,
    distribution_ctx: PulpEntityContext,
    /,
    by: str,
    crate: str | None,
    vers: str | None,
    unused_since: datetime | None,
    limit: int,
    offset: int,
) -> None:
    """Print the counts."""
    assert isinstance(distribution_ctx, PulpCargoDistributionContext)
    if vers is not None and by == "crate":
        raise click.UsageError("`--vers` requires `--by version` or `--by day`.")
    if unused_since is not None and by == "day":
        raise click.UsageError("`--unused-since` requires `--by crate` or `--by version`.")
    filters = {"name": crate, "vers": vers, "last_download_at__lt": unused_since}
    pulp_ctx.output_result(distribution_ctx.downloads(by, limit, offset, **filters))


with_table(downloads, "name", "vers", "day", "downloads", "LAST=last_download_at")
adapted(
    downloads,
    limit={"help": "Limit the number of rows to show."},
    offset={"help": "Skip a number of rows to show."},
)
