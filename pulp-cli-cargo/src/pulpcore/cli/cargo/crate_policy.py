"""`pulp cargo crate-policy`: rules for crates from upstreams."""

import json
from collections.abc import Iterable
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    label_command,
    label_select_option,
    limit_option,
    list_command,
    load_file_wrapper,
    name_filter_options,
    name_option,
    offset_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_labels_option,
    pulp_option,
    role_command,
    show_command,
    type_option,
    update_command,
)
from pulp_glue.cargo.context import PulpCargoCratePolicyContext
from pulp_glue.common.context import PulpEntityContext

from pulpcore.cli.cargo.options import name_argument
from pulpcore.cli.cargo.params import adapted, parse_moment
from pulpcore.cli.cargo.tables import with_table

MOST_DAYS = 36_500
RULES = ["block", "allow", "license", "yanked", "cooldown"]


@pulp_group(
    name="crate-policy",
    help="Manage crate policies: rules for crates from upstreams.",
)
@type_option(choices={"cargo": PulpCargoCratePolicyContext})
def crate_policy() -> None:
    """Manage crate policies."""


@load_file_wrapper
def _lines(ctx: click.Context, param: click.Parameter, value: str) -> list[Any]:
    try:
        lines = json.loads(value)
    except ValueError as error:
        raise click.ClickException(
            f"The value of {param.opts[0]} is not valid JSON: {error}."
        ) from error
    if not (isinstance(lines, list) and all(isinstance(line, dict) for line in lines)):
        raise click.ClickException(f"{param.opts[0]} requires a JSON list of objects.")
    return [_with_moment(line) for line in lines]


def _with_moment(line: dict[str, Any]) -> dict[str, Any]:
    ends = line.get("ends")
    return line | {"ends": parse_moment(ends)} if isinstance(ends, str) else line


def _list_of_lines(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    # Without an allow list everything is allowed; the other lists are then empty.
    return [] if value == "" and param.name != "allow" else _lines(ctx, param, value)


def _licenses(ctx: click.Context, param: click.Parameter, value: Iterable[str]) -> Any:
    given = list(value)
    return "" if given == [""] else given or None


def _lines_option(name: str, meaning: str, keys: str, removal: str) -> Any:
    return pulp_option(
        name,
        callback=_list_of_lines,
        help=f"{meaning}, as a JSON list of objects with {keys}, or '@' followed by the path of a file."
        f" Replaces the previous list; an empty value {removal}.",
    )


KEYS = '"crate" (a name, or a prefix and `*`), "versions" (a version requirement) and "reason"'
lookup_options = [href_option, name_option]
update_options = [
    pulp_option(
        "--cooldown-days",
        type=click.IntRange(min=0, max=MOST_DAYS),
        help="How many days old a version must be before it is served; 0 for no cooldown.",
    ),
    _lines_option("--allow", "The only versions that are allowed", KEYS, "allows all"),
    _lines_option("--block", "Versions that are refused", KEYS, "removes them"),
    _lines_option(
        "--exceptions",
        "Versions that are allowed until the exception ends, unless they are blocked",
        f'{KEYS}, and "ends" (such as 2030-01-31T12:00:00Z)',
        "removes them",
    ),
    pulp_option(
        "--license",
        "licenses",
        multiple=True,
        callback=_licenses,
        help="The SPDX id of an allowed licence. Can be given several times;"
        " an empty value allows all licences.",
    ),
    pulp_option(
        "--hide-yanked/--no-hide-yanked",
        default=None,
        help="Whether yanked versions are refused, unless they were served before.",
    ),
    pulp_option(
        "--dry-run/--no-dry-run",
        default=None,
        help="Whether the policy only records what it would refuse.",
    ),
    pulp_labels_option,
]
create_options = [click.option("--name", required=True), *update_options]

crate_policy.add_command(
    with_table(
        list_command(decorators=[label_select_option, *name_filter_options]),
        *("name", "COOLDOWN=cooldown_days", "hide_yanked", "dry_run", "licenses"),
    )
)
crate_policy.add_command(show_command(decorators=lookup_options))
crate_policy.add_command(create_command(decorators=create_options))
crate_policy.add_command(update_command(decorators=[*lookup_options, *update_options]))
crate_policy.add_command(destroy_command(decorators=lookup_options))
crate_policy.add_command(label_command(decorators=lookup_options, help="Manage labels."))
crate_policy.add_command(role_command(decorators=lookup_options))


@crate_policy.command(
    help="List the versions that a policy refused, or would have refused in a dry run."
)
@name_argument
@name_option
@href_option
@click.option("--crate", help="Only versions of this crate.")
@click.option("--rule", type=click.Choice(RULES), help="Only versions refused by this rule.")
@limit_option
@offset_option
@pass_entity_context
@pass_pulp_context
def held(
    pulp_ctx: PulpCLIContext,
    policy_ctx: PulpEntityContext,
    /,
    crate: str | None,
    rule: str | None,
    limit: int,
    offset: int,
) -> None:
    """Print the records, the latest first."""
    assert isinstance(policy_ctx, PulpCargoCratePolicyContext)
    pulp_ctx.output_result(policy_ctx.held(limit, offset, name=crate, rule=rule))


with_table(held, "name", "vers", "rule", "dry_run", "REASON=sentence")
adapted(
    held,
    limit={"help": "Limit the number of records to show."},
    offset={"help": "Skip a number of records to show."},
)
