"""`pulp cargo distribution`: cargo's registries."""

import click
from pulp_cli.generic import (
    PulpCLIContext,
    common_distribution_create_options,
    content_guard_option,
    create_command,
    destroy_command,
    distribution_filter_options,
    distribution_lookup_option,
    href_option,
    label_command,
    list_command,
    name_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_command,
    pulp_group,
    pulp_labels_option,
    pulp_option,
    role_command,
    show_command,
    type_option,
    update_command,
)
from pulp_glue.cargo.distribution import PulpCargoDistributionContext
from pulp_glue.common.context import EntityFieldDefinition, PulpEntityContext

from pulpcore.cli.cargo.downloads import downloads
from pulpcore.cli.cargo.found import default_first, given_registry, registry_for
from pulpcore.cli.cargo.options import (
    crate_policy_option,
    distribution_option,
    name_argument,
    remote_option,
    repository_option,
)
from pulpcore.cli.cargo.tables import with_table
from pulpcore.cli.cargo.upstreams import collisions, explain, list_options


@pulp_group(help="Manage distributions, which are registries for cargo.")
@type_option(choices={"cargo": PulpCargoDistributionContext})
def distribution() -> None:
    """Manage distributions."""


lookup_options = [href_option, name_option, distribution_lookup_option]
nested_lookup_options = [distribution_lookup_option]
common_options = [
    repository_option,
    pulp_option(
        "--version",
        type=click.IntRange(min=0),
        help="The number of the repository version to serve, instead of the newest one.",
    ),
    remote_option,
    *list_options,
    crate_policy_option,
    pulp_option(
        "--allow-uploads/--no-allow-uploads",
        default=None,
        help="Whether `cargo publish` and `cargo yank` are allowed.",
    ),
    pulp_option(
        "--auth-required/--no-auth-required",
        default=None,
        help="Whether reads also require a token.",
    ),
    content_guard_option,
    pulp_option(
        "--hidden/--not-hidden",
        default=None,
        help="Whether public lists of registries omit this one.",
    ),
    pulp_labels_option,
]
create_options = [*common_distribution_create_options, *common_options]
update_options = [*lookup_options, *common_options, click.option("--base-path")]

distribution.add_command(
    with_table(
        list_command(decorators=distribution_filter_options),
        *("name", "UPLOADS=allow_uploads", "PRIVATE=auth_required", "URL=base_url"),
    )
)
distribution.add_command(show_command(decorators=lookup_options))
distribution.add_command(create_command(decorators=create_options))
distribution.add_command(update_command(decorators=update_options))
distribution.add_command(destroy_command(decorators=lookup_options))
distribution.add_command(label_command(decorators=nested_lookup_options, help="Manage labels."))
distribution.add_command(role_command(decorators=lookup_options))
distribution.add_command(explain)
distribution.add_command(collisions)
distribution.add_command(downloads)


CONFIG_HELP = "Print the lines to add to cargo's config.toml."


@distribution.command(help=CONFIG_HELP)
@name_argument
@name_option
@href_option
@distribution_lookup_option
@pass_entity_context
@pass_pulp_context
def config(pulp_ctx: PulpCLIContext, distribution_ctx: PulpEntityContext, /) -> None:
    """Print the lines in TOML, independent of the output format."""
    assert isinstance(distribution_ctx, PulpCargoDistributionContext)
    _print_config(pulp_ctx, given_registry(distribution_ctx))


@pulp_command(name="config", help=CONFIG_HELP)
@distribution_option
@pass_pulp_context
def cargo_config(pulp_ctx: PulpCLIContext, /, distribution: EntityFieldDefinition) -> None:
    """Print the lines in TOML, independent of the output format."""
    _print_config(pulp_ctx, distribution)


def _print_config(pulp_ctx: PulpCLIContext, distribution: EntityFieldDefinition) -> None:
    registry = registry_for(pulp_ctx, distribution, prefers=default_first)
    click.echo(registry.config().rstrip("\n"))
