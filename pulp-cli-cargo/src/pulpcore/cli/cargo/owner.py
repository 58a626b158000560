"""`pulp cargo owner`: the owners of the crates of a repository."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    limit_option,
    offset_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_group,
    repository_lookup_option,
    type_option,
)
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import PulpRepositoryContext

from pulpcore.cli.cargo.params import adapted
from pulpcore.cli.cargo.tables import with_table

EVERY_CRATE = "*"


@pulp_group(
    help="Manage the owners of crates. If a repository has `crate_owners`, only owners may publish"
    " and yank its crates."
)
@type_option(choices={"cargo": PulpCargoRepositoryContext})
def owner() -> None:
    """Manage owners."""


def _of_repository(command: Callable[..., None]) -> Callable[..., None]:
    """Pass the repository of the option `--repository` to a command."""
    for add in (pass_pulp_context, pass_repository_context, repository_lookup_option):
        command = add(command)
    return command


owners_argument = click.argument("owners", metavar="OWNER...", nargs=-1, required=True)


def _crates_option(**kwargs: Any) -> Any:
    return click.option(
        "--crate",
        "crates",
        multiple=True,
        help="A crate, or a prefix of names followed by `*`. Can be given several times.",
        **kwargs,
    )


@owner.command(name="list", help="List the owners of crates.")
@_of_repository
@click.option("--crate", help="Only owners of this crate.")
@click.option("--owner", "login", help="Only this user, or this group as `group:NAME`.")
@limit_option
@offset_option
def list_owners(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    crate: str | None,
    login: str | None,
    limit: int,
    offset: int,
) -> None:
    """Print them, in the order of the crates."""
    pulp_ctx.output_result(_cargo(repository_ctx).owners(limit, offset, crate=crate, owner=login))


with_table(list_owners, "crate", "owner", "SINCE=added_at", "ADDED BY=added_by")
adapted(
    list_owners,
    limit={"help": "Limit the number of owners to show."},
    offset={"help": "Skip a number of owners to show."},
)


@owner.command(
    help="Add owners (users, or groups as `group:NAME`) to the crates in --crate, or to all crates"
    " without an owner."
)
@owners_argument
@_crates_option()
@click.option("--all-unowned", is_flag=True, help="All crates without an owner.")
@_of_repository
def add(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    owners: Sequence[str],
    crates: Sequence[str],
    all_unowned: bool,
) -> None:
    """Add them, and print how many were added."""
    if bool(crates) == all_unowned:
        raise click.ClickException("Give either --crate or --all-unowned.")
    wanted = [EVERY_CRATE] if all_unowned else crates
    done = _cargo(repository_ctx).add_owners(owners, wanted, unowned=all_unowned)
    pulp_ctx.output_result(done)


@owner.command(
    help="Remove owners (users, or groups as `group:NAME`) from crates. The last owner of a crate"
    " cannot be removed."
)
@owners_argument
@_crates_option(required=True)
@_of_repository
def remove(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    owners: Sequence[str],
    crates: Sequence[str],
) -> None:
    """Remove them, and print how many were removed."""
    pulp_ctx.output_result(_cargo(repository_ctx).remove_owners(owners, crates))


def _cargo(repository_ctx: PulpRepositoryContext) -> PulpCargoRepositoryContext:
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    return repository_ctx
