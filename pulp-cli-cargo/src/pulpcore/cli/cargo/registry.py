"""`pulp cargo registry create`: a repository, a distribution and what belongs to them in one step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from pulp_cli.generic import PulpCLIContext, pass_pulp_context, pulp_group
from pulp_glue.cargo.base import CargoEntityContext
from pulp_glue.cargo.context import (
    PulpCargoRemoteContext,
    PulpCargoRepositoryContext,
    PulpCargoTokenContext,
)
from pulp_glue.cargo.distribution import PulpCargoDistributionContext
from pulp_glue.common.context import EntityDefinition
from pulp_glue.common.exceptions import PulpException

from pulpcore.cli.cargo.credentials import (
    Credentials,
    NotWritable,
    default_path,
    registry_key,
)


@pulp_group(help="Create registries in one step.")
def registry() -> None:
    """Create registries."""


class Made:
    """The objects that were created so far, which are deleted if a later step fails."""

    def __init__(self) -> None:
        self._contexts: list[CargoEntityContext] = []

    def create(self, context: CargoEntityContext, **body: Any) -> EntityDefinition:
        """Create an object."""
        entity: EntityDefinition = context.create(body=body)
        self._contexts.append(context)
        return entity

    def undo(self) -> None:
        """Delete the objects, the latest first, and report those that remain."""
        for context in reversed(self._contexts):
            try:
                context.delete()
            except PulpException as error:
                click.echo(
                    f"The {context.ENTITY} at {context.pulp_href} could not be deleted: {error}",
                    err=True,
                )
        if self._contexts:
            click.echo("Deleting what was created before.", err=True)


@contextmanager
def _all_or_nothing() -> Iterator[Made]:
    made = Made()
    try:
        yield made
    except (PulpException, click.ClickException, KeyboardInterrupt):
        made.undo()
        raise


def _index_url(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is None or value.startswith("sparse+"):
        return value
    return f"sparse+{value}"


def _credentials(key: str) -> Credentials:
    try:
        return Credentials(default_path(), key)
    except NotWritable as error:
        raise click.ClickException(str(error)) from error


@registry.command(
    help="Create the registry NAME: a repository, a distribution that serves it, and, if"
    " publishing or reading requires one, a token. Print the lines for cargo's configuration."
    " If a step fails, delete what was created."
)
@click.argument("name")
@click.option(
    "--cache-of",
    callback=_index_url,
    help="The index URL of a registry to cache, such as sparse+https://index.crates.io/. Without"
    " it, the registry is for your own crates.",
)
@click.option("--private", is_flag=True, help="Also require a token for reads.")
@click.option(
    "--save-token",
    is_flag=True,
    help="Write the token to cargo's credentials.toml, instead of printing it.",
)
@pass_pulp_context
def create(
    pulp_ctx: PulpCLIContext, /, name: str, cache_of: str | None, private: bool, save_token: bool
) -> None:
    """Create the objects, and print the configuration."""
    if pulp_ctx.background_tasks:
        raise click.UsageError("The steps depend on each other, so `--background` is not possible.")
    key = registry_key(name)
    # Before there is anything that would have to be deleted.
    file = _credentials(key) if save_token else None
    with _all_or_nothing() as made:
        distribution = _create_registry(pulp_ctx, made, name, cache_of, private=private)
        token = None
        if cache_of is None or private:
            token_ctx = PulpCargoTokenContext(pulp_ctx)
            token = made.create(token_ctx, name=name, distribution=distribution).get("token")
        if pulp_ctx.fake_mode:
            # In a dry run there is no registry whose configuration could be printed.
            return
        config = distribution.config().rstrip("\n")
        if file is not None and token is not None:
            _save(file, token)
    click.echo(config)
    if token is not None and file is None:
        click.echo(
            f"\nAdd these lines to {default_path()}; the token cannot be shown again:\n", err=True
        )
        click.echo(f'[registries.{key}]\ntoken = "{token}"', err=True)


def _create_registry(
    pulp_ctx: PulpCLIContext, made: Made, name: str, cache_of: str | None, *, private: bool
) -> PulpCargoDistributionContext:
    remote = None
    if cache_of is not None:
        remote = PulpCargoRemoteContext(pulp_ctx)
        made.create(remote, name=name, url=cache_of, policy="on_demand")
    of_remote = {"remote": remote} if remote else {}
    repository = PulpCargoRepositoryContext(pulp_ctx)
    made.create(repository, name=name, **of_remote)
    distribution = PulpCargoDistributionContext(pulp_ctx)
    made.create(
        distribution,
        name=name,
        base_path=name,
        repository=repository,
        allow_uploads=remote is None,
        auth_required=private,
        **of_remote,
    )
    return distribution


def _save(file: Credentials, token: str) -> None:
    try:
        file.save(token)
    except OSError as error:
        raise click.ClickException(f"'{file.path}' cannot be written: {error.strerror}.") from error
    click.echo(f"The token for `{file.registry}` is in {file.path}.", err=True)
