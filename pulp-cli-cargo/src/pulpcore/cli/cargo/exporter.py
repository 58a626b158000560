"""`pulp cargo exporter`: registries that Pulp itself writes into folders of the server."""

from pathlib import Path
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    list_command,
    name_filter_options,
    name_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_option,
    show_command,
    type_option,
    update_command,
)
from pulp_glue.cargo.export.formats import FORMATS
from pulp_glue.cargo.export.versions import Problem
from pulp_glue.cargo.export.write import Report
from pulp_glue.cargo.exporter import PulpCargoExporterContext
from pulp_glue.common.context import PulpEntityContext

from pulpcore.cli.cargo.export import show_outcome
from pulpcore.cli.cargo.options import distribution_option, name_argument
from pulpcore.cli.cargo.progress import bars
from pulpcore.cli.cargo.tables import with_table


@pulp_group(
    help="Manage exporters, with which Pulp writes registries into folders of the server. For"
    " administrators only."
)
@type_option(choices={"cargo": PulpCargoExporterContext})
def exporter() -> None:
    """Manage exporters."""


def _options(*, required: bool) -> list[Any]:
    """Return the options of `create`, which requires some of them, or of `update`."""
    return [
        pulp_option(
            "--path",
            required=required,
            help="The folder to write on the server, which must be below one of its"
            " ALLOWED_EXPORT_PATHS.",
        ),
        pulp_option(
            "--format",
            type=click.Choice(FORMATS),
            required=required,
            help="The format, as in `pulp cargo export`.",
        ),
        pulp_option(
            "--dl",
            help="The URL at which the folder `crates` of a static registry is served. A URL with"
            " cargo's markers, such as {{crate}}, is used unchanged.",
        ),
        distribution_option,
    ]


lookup_options = [name_option, href_option]

exporter.add_command(
    with_table(list_command(decorators=name_filter_options), "name", "format", "path")
)
exporter.add_command(show_command(decorators=lookup_options))
exporter.add_command(
    create_command(decorators=[click.option("--name", required=True), *_options(required=True)])
)
exporter.add_command(update_command(decorators=[*lookup_options, *_options(required=False)]))
exporter.add_command(destroy_command(decorators=lookup_options))


@exporter.command(help="Write what is new into the folder, and report what cannot be exported.")
@name_argument
@name_option
@href_option
@pass_entity_context
@pass_pulp_context
def run(pulp_ctx: PulpCLIContext, exporter_ctx: PulpEntityContext, /) -> None:
    """Run the exporter, and print the result."""
    assert isinstance(exporter_ctx, PulpCargoExporterContext)
    with bars(pulp_ctx):
        done = exporter_ctx.run()
    problems = [Problem(**one) for one in done["problems"]]
    report = Report(count=done["count"], added=done["added"], problems=problems)
    show_outcome(report, Path(exporter_ctx.entity["path"]))
