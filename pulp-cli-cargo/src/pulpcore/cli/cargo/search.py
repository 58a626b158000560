"""`pulp cargo search`: find crates of a registry."""

from typing import Any

import click
from pulp_cli.generic import PulpCLIContext, pass_pulp_context, pulp_command
from pulp_glue.common.context import EntityFieldDefinition

from pulpcore.cli.cargo.found import default_first, registry_for
from pulpcore.cli.cargo.options import distribution_option
from pulpcore.cli.cargo.tables import with_table

ORDERS = ("relevance", "alphabetical", "downloads", "recent-downloads", "recent-updates", "new")


@pulp_command(help="Search the crates of a registry, as `cargo search` does.")
@click.argument("words", nargs=-1)
@distribution_option
@click.option("--page", type=click.IntRange(min=1), help="The page of the results.")
@click.option("--per-page", type=click.IntRange(1, 100), help="Crates per page; 10 by default.")
@click.option("--sort", type=click.Choice(ORDERS), help="The order of the results.")
@click.option("--keyword", help="A keyword that crates must have.")
@click.option(
    "--category", help="A category that crates must have; its subcategories are included."
)
@click.option(
    "--include-yanked/--no-include-yanked",
    default=None,
    help="Whether to include crates of which every version is yanked.",
)
@pass_pulp_context
def search(
    pulp_ctx: PulpCLIContext,
    /,
    words: tuple[str, ...],
    distribution: EntityFieldDefinition,
    **wanted: Any,
) -> None:
    """Print how many crates match, and a page of them."""
    registry = registry_for(pulp_ctx, distribution, prefers=default_first)
    pulp_ctx.output_result(registry.search(" ".join(words), **wanted))


with_table(search, "name", "VERSION=max_version", "downloads", "description")
