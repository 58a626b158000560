"""Commands of `pulp cargo repository version` for older versions: labels, and differences."""

from collections.abc import Callable

import click
from pulp_cli.generic import (
    PulpCLIContext,
    limit_option,
    offset_option,
    pass_pulp_context,
    pass_repository_context,
    repository_href_option,
    repository_lookup_option,
)
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import PulpRepositoryContext

from pulpcore.cli.cargo.params import adapted
from pulpcore.cli.cargo.tables import with_table


def _of_repository(command: Callable[..., None]) -> Callable[..., None]:
    """Pass the repository of the option `--repository` to a command."""
    for add in (
        pass_pulp_context,
        pass_repository_context,
        repository_lookup_option,
        repository_href_option,
    ):
        command = add(command)
    return command


label_argument = click.argument("label", metavar="LABEL")


@click.command(
    help="Label a version. A version with a label is retained, and registries serve it at @LABEL/."
)
@label_argument
@click.option(
    "--number", type=click.IntRange(min=0), help="The number of the version; by default the newest."
)
@_of_repository
def label(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    label: str,
    number: int | None,
) -> None:
    """Add the label, and print it."""
    pulp_ctx.output_result(_cargo(repository_ctx).label_version(label, number))


@click.command(help="Remove the label of a version.")
@label_argument
@_of_repository
def unlabel(pulp_ctx: PulpCLIContext, repository_ctx: PulpRepositoryContext, /, label: str) -> None:
    """Remove it."""
    _cargo(repository_ctx).unlabel_version(label)


@click.command(help="List the labels of versions.")
@limit_option
@offset_option
@_of_repository
def labels(
    pulp_ctx: PulpCLIContext, repository_ctx: PulpRepositoryContext, /, limit: int, offset: int
) -> None:
    """Print them, in the order of the versions."""
    pulp_ctx.output_result(_cargo(repository_ctx).version_labels(limit, offset))


with_table(labels, "label", "number", "CREATED=created_at", "LABELLED=labelled_at")
adapted(
    labels,
    limit={"help": "Limit the number of labels to show."},
    offset={"help": "Skip a number of labels to show."},
)


@click.command(
    help="Show what changed between two states of the repository, each the number of a version, a"
    " date or time in UTC, or a label. Without NEW, OLD is compared with the newest version."
)
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@limit_option
@offset_option
@_of_repository
def diff(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    old: str,
    new: str | None,
    limit: int,
    offset: int,
) -> None:
    """Print the changes, sorted by crate."""
    pulp_ctx.output_result(_cargo(repository_ctx).diff(old, new, limit, offset))


with_table(diff, "change", "name", "vers")
adapted(
    diff,
    limit={"help": "Limit the number of changes to show."},
    offset={"help": "Skip a number of changes to show."},
)


def _cargo(repository_ctx: PulpRepositoryContext) -> PulpCargoRepositoryContext:
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    return repository_ctx
