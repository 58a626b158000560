"""`pulp cargo remote`: upstream registries."""

import click
from pulp_cli.generic import (
    common_remote_create_options,
    common_remote_update_options,
    create_command,
    destroy_command,
    href_option,
    label_command,
    list_command,
    name_option,
    pulp_group,
    pulp_option,
    remote_filter_options,
    remote_lookup_option,
    role_command,
    show_command,
    type_option,
    update_command,
)
from pulp_glue.cargo.context import PulpCargoRemoteContext

from pulpcore.cli.cargo.options import crate_policy_option, for_remotes
from pulpcore.cli.cargo.params import Count
from pulpcore.cli.cargo.replaced import replaced
from pulpcore.cli.cargo.snapshot import upstream_keys_option
from pulpcore.cli.cargo.tables import with_table


@pulp_group(help="Manage remotes: Pulp's records of upstream registries.")
@type_option(choices={"cargo": PulpCargoRemoteContext})
def remote() -> None:
    """Manage remotes."""


lookup_options = [href_option, name_option, remote_lookup_option]
nested_lookup_options = [remote_lookup_option]
policy_option = pulp_option(
    "--policy",
    type=click.Choice(["immediate", "on_demand", "streamed"], case_sensitive=False),
    help="When .crate files are fetched: all at once (`immediate`), at their first download and then"
    " stored (`on_demand`), or at each download (`streamed`). The default is `on_demand`.",
)
own_options = [
    policy_option,
    crate_policy_option,
    pulp_option(
        "--token",
        help="The token for an upstream that requires one (`auth-required`), exactly as cargo sends it.",
    ),
    pulp_option(
        "--index-max-age",
        type=Count(0),
        help="For how many seconds a cache serves an index file before it revalidates it.",
    ),
    pulp_option(
        "--stale-for",
        type=Count(0),
        help="For how many seconds more a cache serves an index file if the upstream is unavailable;"
        " an empty value means without limit.",
    ),
    pulp_option(
        "--forbidden-means-missing/--no-forbidden-means-missing",
        default=None,
        help="Whether a 403 from the upstream means that it does not have a crate, as with some S3"
        " buckets.",
    ),
    pulp_option(
        "--search-upstream/--no-search-upstream",
        default=None,
        help="Whether searches of its caches are sent to the upstream as well.",
    ),
    upstream_keys_option,
]
create_options = [*common_remote_create_options, *own_options]
update_options = [*lookup_options, *common_remote_update_options, *own_options]

remote.add_command(
    with_table(list_command(decorators=remote_filter_options), "name", "policy", "url")
)
remote.add_command(show_command(decorators=lookup_options))
remote.add_command(for_remotes(create_command(decorators=create_options)))
remote.add_command(for_remotes(update_command(decorators=update_options)))
remote.add_command(destroy_command(decorators=lookup_options))
remote.add_command(label_command(decorators=nested_lookup_options, help="Manage labels."))
remote.add_command(role_command(decorators=lookup_options))
remote.add_command(replaced)
