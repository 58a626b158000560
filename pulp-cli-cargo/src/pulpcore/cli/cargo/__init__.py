"""The `pulp cargo` commands."""

from typing import Any

import click
from pulp_cli.generic import pulp_group

from pulpcore.cli.cargo.bundle import bundle
from pulpcore.cli.cargo.content import content
from pulpcore.cli.cargo.crate_policy import crate_policy
from pulpcore.cli.cargo.distribution import cargo_config, distribution
from pulpcore.cli.cargo.export import export
from pulpcore.cli.cargo.exporter import exporter
from pulpcore.cli.cargo.lock_file import check, prefetch
from pulpcore.cli.cargo.owner import owner
from pulpcore.cli.cargo.params import CargoGroup, refusing_binary_files
from pulpcore.cli.cargo.registry import registry
from pulpcore.cli.cargo.remote import remote
from pulpcore.cli.cargo.repository import repository
from pulpcore.cli.cargo.search import search
from pulpcore.cli.cargo.token import token
from pulpcore.cli.cargo.upstreams import explain_crate
from pulpcore.cli.cargo.verify import verify

__version__ = "0.1.0"


@pulp_group(name="cargo", cls=CargoGroup, help="Manage Cargo registries.")
def cargo_group() -> None:
    """Manage Cargo registries."""


def mount(main: click.Group, **kwargs: Any) -> None:
    """Register the commands with `pulp`."""
    objects = (registry, repository, remote, distribution, crate_policy, content, token, owner)
    groups = (*objects, export, exporter, bundle)
    for command in (*groups, check, prefetch, search, explain_crate, cargo_config, verify):
        cargo_group.add_command(command)
    main.add_command(refusing_binary_files(cargo_group))
