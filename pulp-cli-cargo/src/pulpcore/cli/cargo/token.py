"""`pulp cargo token`: secrets with which cargo acts for users."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    label_command,
    label_select_option,
    list_command,
    lookup_callback,
    name_filter_options,
    name_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_group,
    pulp_labels_option,
    pulp_option,
    show_command,
    type_option,
)
from pulp_glue.cargo.context import PulpCargoTokenContext
from pulp_glue.common.context import PulpEntityContext

from pulpcore.cli.cargo.credentials import (
    Credentials,
    NotWritable,
    default_path,
    registry_key,
)
from pulpcore.cli.cargo.options import distribution_option, name_argument
from pulpcore.cli.cargo.params import parse_moment
from pulpcore.cli.cargo.tables import with_table

# A hundred years.
MOST_DAYS = 36_500
SCOPES = ["read", "publish-new", "publish-update", "yank", "change-owners", "api"]


@pulp_group(help="Manage tokens: secrets with which cargo acts on behalf of a user.")
@type_option(choices={"cargo": PulpCargoTokenContext})
def token() -> None:
    """Manage tokens."""


user_option = pulp_option(
    "--user",
    help="The user of the token.",
    callback=lookup_callback("user"),
    expose_value=False,
)
lookup_options = [href_option, name_option, user_option]
filter_options = [
    *name_filter_options,
    pulp_option("--user", help="Filter {entities} by username"),
    distribution_option,
    label_select_option,
]

token.add_command(
    with_table(
        list_command(decorators=filter_options),
        *("name", "user", "EXPIRES=expires_at", "USED=last_used", "scopes"),
    )
)
token.add_command(show_command(decorators=lookup_options))
token.add_command(label_command(decorators=lookup_options, help="Manage labels."))


def _moment(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:
    return None if value is None else parse_moment(value)


def _registry(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value == "":
        raise click.ClickException(
            "The value of --registry is empty: give the name of the registry."
        )
    return None if value is None else registry_key(value)


def _credentials(registry: str | None, path: Path | None) -> Credentials | None:
    """Return the file for the secret, before there is a secret that could be lost."""
    if registry is None:
        if path is not None:
            raise click.ClickException(
                "--credentials also requires --registry, the name of the registry."
            )
        return None
    try:
        return Credentials(path or default_path(), registry)
    except NotWritable as error:
        raise click.ClickException(str(error)) from error


@token.command(
    help="Create a token. Its secret is printed once, or, with --registry, written to cargo's"
    " credentials.toml."
)
@click.option(
    "--name", required=True, help="What the token is for; unique among its user's tokens."
)
@click.option("--user", help="The user of the token; by default, yourself.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice(SCOPES),
    help="What the token allows; by default, everything except change-owners and api (the REST API"
    " of Pulp). Can be given several times.",
)
@click.option(
    "--crate-pattern",
    "crate_patterns",
    multiple=True,
    help="A crate that may be published and yanked: a name, or a prefix of names followed by `*`;"
    " by default, all crates. Can be given several times.",
)
@distribution_option
@click.option(
    "--expires-at",
    callback=_moment,
    help="When the token expires, such as 2030-01-31T12:00:00Z; in UTC unless the value has an"
    " offset.",
)
@click.option(
    "--expires-in",
    type=click.IntRange(min=1, max=MOST_DAYS),
    help=f"In how many days the token expires, at most {MOST_DAYS}.",
)
@pulp_labels_option
@click.option(
    "--registry",
    callback=_registry,
    help="Write the secret to cargo's credentials.toml, for the registry with this name in cargo's"
    " configuration.",
)
@click.option(
    "--credentials",
    type=click.Path(path_type=Path),
    help="The file to write the secret to, instead of cargo's own credentials.toml.",
)
@pass_entity_context
@pass_pulp_context
def create(
    pulp_ctx: PulpCLIContext,
    token_ctx: PulpEntityContext,
    /,
    registry: str | None,
    credentials: Path | None,
    expires_at: datetime | None,
    expires_in: int | None,
    **fields: Any,
) -> None:
    """Create a token, and print or write its secret."""
    if expires_at and expires_in:
        raise click.ClickException("Give either --expires-at or --expires-in.")
    if expires_in:
        expires_at = datetime.now(UTC) + timedelta(days=expires_in)
    file = _credentials(registry, credentials)
    wanted = {name: list(v) if isinstance(v, tuple) else v for name, v in fields.items()}
    made = token_ctx.create({k: v for k, v in wanted.items() if v} | {"expires_at": expires_at})
    if file is not None:
        _save(token_ctx, file, made.pop("token"))
    pulp_ctx.output_result(made)


def _save(token_ctx: PulpEntityContext, file: Credentials, secret: str) -> None:
    """Write the secret, or revoke the token, whose secret would be lost."""
    try:
        file.save(secret)
    except OSError as error:
        token_ctx.delete()
        raise click.ClickException(
            f"No token was created: '{file.path}' cannot be written ({error.strerror})."
        ) from error
    click.echo(f"The token for `{file.registry}` is in {file.path}.", err=True)


@token.command(help="Revoke a token; by default, one of your own.")
@name_argument
@name_option
@href_option
@user_option
@pass_entity_context
def revoke(token_ctx: PulpEntityContext, /) -> None:
    """Delete a token."""
    assert isinstance(token_ctx, PulpCargoTokenContext)
    token_ctx.revoke()
