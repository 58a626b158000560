"""`pulp cargo content`: crates and yank marks of all repositories."""

from pathlib import Path
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    chunk_size_callback,
    content_filter_options,
    list_command,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_option,
    show_command,
    type_option,
)
from pulp_glue.cargo.content import PulpCargoCrateContext, PulpCargoYankContext
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import PulpEntityContext

from pulpcore.cli.cargo import upload as uploads
from pulpcore.cli.cargo.options import output_version, repository_option
from pulpcore.cli.cargo.params import TypedGroup
from pulpcore.cli.cargo.progress import bars
from pulpcore.cli.cargo.tables import with_table
from pulpcore.cli.cargo.units import unit_lookup_options

OF_CRATES: Any = {"allowed_with_contexts": (PulpCargoCrateContext,)}


@pulp_group(
    cls=TypedGroup,
    help="Manage content: crates and yank marks of all repositories.",
)
@type_option(choices={"crate": PulpCargoCrateContext, "yank": PulpCargoYankContext})
def content() -> None:
    """Manage content."""


filter_options = [
    pulp_option("--name", help="Filter {entities} by the exact name", **OF_CRATES),
    pulp_option(
        "--name-contains",
        "name__contains",
        help="Filter {entities} whose name contains value",
        **OF_CRATES,
    ),
    pulp_option(
        "--canonical-name", help="Filter {entities} by the name in lower case with `_` for `-`"
    ),
    pulp_option("--vers", help="Filter {entities} by version"),
    pulp_option("--cksum", help="Filter {entities} by the SHA-256 of the .crate file", **OF_CRATES),
    pulp_option("--dependency", help="Filter {entities} that depend on this crate", **OF_CRATES),
    pulp_option(
        "--keyword",
        help="Filter {entities} by keyword, in its exact spelling",
        **OF_CRATES,
    ),
    pulp_option(
        "--rust-version",
        help="Filter {entities} by the minimum Rust version (`rust-version`)",
        **OF_CRATES,
    ),
    *content_filter_options,
]

content.add_command(
    with_table(
        list_command(decorators=filter_options),
        *("name", "vers", "license", "description"),
    )
)
content.add_command(show_command(decorators=unit_lookup_options))


@content.command(
    help="Upload .crate files, or folders that contain them. With --repository, all files are added"
    " in one new version, and refused files are reported. Administrators can omit --repository: then"
    " the files are stored without a repository.",
    allowed_with_contexts=(PulpCargoCrateContext,),
)
@click.argument(
    "paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@repository_option
@pulp_option(
    "--chunk-size",
    callback=chunk_size_callback,
    help="The size of chunks, such as 10MB, in which larger uploads are sent. With --repository, this"
    " applies to the archive of all files, and the default is 32MB. Without it, this applies to each"
    " file, and by default files are not sent in chunks.",
)
@pass_entity_context
@pass_pulp_context
def upload(
    pulp_ctx: PulpCLIContext,
    crate_ctx: PulpEntityContext,
    /,
    paths: tuple[Path, ...],
    repository: PulpCargoRepositoryContext | None,
    chunk_size: int | None,
) -> None:
    """Upload files, and print the new repository version, or the crates."""
    assert isinstance(crate_ctx, PulpCargoCrateContext)
    found = uploads.crate_files(paths)
    if repository:
        with bars(pulp_ctx):
            made, refused = uploads.into(repository, found, chunk_size or pulp_ctx.chunk_size)
        output_version(pulp_ctx, repository, made, "The repository already has these crates")
        for sentence in refused:
            pulp_ctx.echo(sentence, err=True)
        if refused:
            raise click.ClickException(f"{len(refused)} of {len(found)} files were refused.")
    else:
        stored: list[Any] = []
        try:
            for unit in uploads.without_repository(crate_ctx, found, chunk_size):
                stored.append(unit)
        finally:
            # Even if a file is refused, the others are stored.
            if stored:
                pulp_ctx.output_result(stored)
