"""Options and commands of `pulp cargo distribution` for lists of upstreams."""

import json
from collections.abc import Sequence
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    distribution_lookup_option,
    href_option,
    load_file_wrapper,
    load_string_callback,
    name_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_command,
    pulp_option,
)
from pulp_glue.cargo.distribution import PulpCargoDistributionContext
from pulp_glue.common.context import PulpEntityContext

from pulpcore.cli.cargo.options import name_argument

EXAMPLE = '[{"name": "ours", "repository": "team"}, {"name": "crates.io", "remote": "crates-io"}]'


def _patterns(
    ctx: click.Context, param: click.Parameter, value: Sequence[str]
) -> Sequence[str] | None:
    # pulp-glue omits None; an empty value removes the setting.
    return [one for one in value if one] if value else None


@load_file_wrapper
def _upstreams(ctx: click.Context, param: click.Parameter, value: str) -> Any:
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.ClickException(
            f"The value of --upstreams is not valid JSON: {error}"
        ) from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise click.ClickException(f"--upstreams requires a list of objects, such as {EXAMPLE}")
    return found


list_options = [
    pulp_option(
        "--upstreams",
        callback=_upstreams,
        help="The upstreams of the registry, in order: a JSON list of objects with `name`,"
        " `repository` and `remote` (by name, href or PRN), `patterns`, `pins` and `private`, or '@'"
        " followed by the path of a file. Replaces the previous list; [] removes it.",
    ),
    pulp_option(
        "--reserved-name",
        "reserved_names",
        multiple=True,
        callback=_patterns,
        help="A name, or a prefix of names followed by *, that only private repositories of the"
        " list may serve. Can be given several times; replaces all previous values, and an empty"
        " value removes them.",
    ),
    pulp_option(
        "--mixed-name",
        "mixed_names",
        multiple=True,
        callback=_patterns,
        help="A name, or a prefix of names followed by *, for which the versions of all"
        " upstreams are served together. Can be given several times; replaces all previous values,"
        " and an empty value removes them.",
    ),
]


@pulp_command(help="Show which of the upstreams answers for a crate, and why.")
@name_argument
@name_option
@href_option
@distribution_lookup_option
@click.option("--crate", required=True, help="The crate, in any spelling.")
@pass_entity_context
@pass_pulp_context
def explain(pulp_ctx: PulpCLIContext, distribution_ctx: PulpEntityContext, /, crate: str) -> None:
    """Print the explanation; no upstream is asked."""
    assert isinstance(distribution_ctx, PulpCargoDistributionContext)
    pulp_ctx.output_result(distribution_ctx.explain(crate))


@pulp_command(help="List names that are in a private repository and in a remote of the list.")
@name_argument
@name_option
@href_option
@distribution_lookup_option
@click.option(
    "--names",
    callback=load_string_callback,
    help="Names of crates that exist upstream, one per line, or '@' followed by the path of a file."
    " They are used instead of the cached index files of the remotes.",
)
@pass_entity_context
@pass_pulp_context
def collisions(
    pulp_ctx: PulpCLIContext, distribution_ctx: PulpEntityContext, /, names: str | None
) -> None:
    """Print all of them; no upstream is asked."""
    assert isinstance(distribution_ctx, PulpCargoDistributionContext)
    found = (
        distribution_ctx.collisions()
        if names is None
        else distribution_ctx.collisions_with(names.split())
    )
    pulp_ctx.output_result(list(found))
