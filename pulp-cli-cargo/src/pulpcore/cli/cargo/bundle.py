"""`pulp cargo bundle`: carry a registry over an air gap in one file."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    chunk_size_callback,
    pass_pulp_context,
    pulp_group,
)
from pulp_glue.cargo.bundle import Bundle
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import EntityFieldDefinition

from pulpcore.cli.cargo import make_bundle, snapshots
from pulpcore.cli.cargo.options import output_version, repository_option
from pulpcore.cli.cargo.progress import bars
from pulpcore.cli.cargo.read_registry import reader_for, token_option
from pulpcore.cli.cargo.upload import CHUNK_SIZE
from pulpcore.cli.cargo.verify import key_option

bundle_argument = click.argument(
    "bundle_file",
    metavar="BUNDLE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)


@pulp_group(help="Transfer the crates of a registry over an air gap, in one file.")
def bundle() -> None:
    """Transfer crates over an air gap."""


@bundle.command(
    help="Write the crates of a registry to a bundle, which is one file. URL is the URL of the registry;"
    " append `@42/` or `@LABEL/` for an earlier state of it. After an interruption, run the command"
    " again: it continues."
)
@click.argument("url", metavar="URL")
@click.option(
    "--output",
    "-o",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write.",
)
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The last bundle, or its `snapshot.jsonl`: files that it has are left out.",
)
@click.option(
    "--advisory-db",
    "advisories",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with an advisory database to include in the bundle.",
)
@key_option
@token_option
@pass_pulp_context
def create(
    pulp_ctx: PulpCLIContext,
    /,
    url: str,
    output: Path,
    since: Path | None,
    advisories: Path | None,
    keys: Path | None,
    token_file: IO[str] | None,
) -> None:
    """Write the bundle, and print what it has."""
    registry = reader_for(pulp_ctx, url, token_file)
    snapshot = snapshots.of_registry(registry)
    signed_by = snapshot.require_signer(keys)
    plan = make_bundle.plan(snapshot, since)
    make_bundle.write(plan, registry, output, advisories)
    pulp_ctx.output_result(
        {
            "bundle": str(output),
            "repository": snapshot.head.repository,
            "version": snapshot.head.version,
            "root": snapshot.head.root,
            "since": plan.since,
            "versions": snapshot.head.count,
            "files": len(plan.files),
            "is_signed": snapshot.signature is not None,
            "signed_by": signed_by,
        }
    )


@bundle.command(
    help="Verify a bundle completely, without a server: each file, the snapshot, and with --key its"
    " signature."
)
@bundle_argument
@key_option
@click.option(
    "--lock-file",
    "lock_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A Cargo.lock whose packages must be in the bundle. Can be given several times.",
)
@pass_pulp_context
def verify(
    pulp_ctx: PulpCLIContext, /, bundle_file: Path, keys: Path | None, lock_files: Sequence[Path]
) -> None:
    """Print what the bundle has, and what lock files need beyond it."""
    with bundle_file.open("rb") as file:
        found = snapshots.of_bundle(file)
    shown = _shown(found) | {"signed_by": snapshots.signer(found.head_bytes, found.signature, keys)}
    missing = {str(path): _missing(path, found) for path in lock_files}
    pulp_ctx.output_result(shown | ({"missing": missing} if lock_files else {}))
    if lacking := [path for path, packages in missing.items() if packages]:
        raise click.ClickException(
            f"The bundle lacks packages of {', '.join(lacking)}: they cannot be built from it."
        )


@bundle.command(
    name="import",
    help="Import a bundle into a repository, in one new version. The server verifies it completely"
    " first; if anything is wrong, nothing is imported.",
)
@bundle_argument
@repository_option
@click.option(
    "--mirror/--no-mirror",
    default=False,
    help="Whether crates that are not in the bundle's snapshot are removed.",
)
@click.option(
    "--chunk-size",
    callback=chunk_size_callback,
    help="Size of the chunks of a large upload, with a unit such as MB.",
)
@pass_pulp_context
def import_(
    pulp_ctx: PulpCLIContext,
    /,
    bundle_file: Path,
    repository: EntityFieldDefinition,
    mirror: bool,
    chunk_size: int | None,
) -> None:
    """Import it, and print the repository's new version."""
    if not isinstance(repository, PulpCargoRepositoryContext):
        raise click.UsageError("Select the repository with --repository.")
    with bundle_file.open("rb") as file, bars(pulp_ctx):
        made, done = repository.import_bundle(file, chunk_size or CHUNK_SIZE, mirror=mirror)
    by = f"signed by {done['signer']}" if done["signer"] else "its signature was not checked"
    click.echo(f"Crate versions added: {done['added']} ({by}).", err=True)
    output_version(
        pulp_ctx, repository, made, "The repository already has everything in the bundle"
    )


def _shown(found: Bundle) -> dict[str, Any]:
    return {
        "repository": found.head.repository,
        "version": found.head.version,
        "created": found.head.created,
        "root": found.head.root,
        "since": found.about.since,
        "index_urls": list(found.about.index_urls),
        "versions": found.head.count,
        "files": len(found.files),
        "advisories": found.advisories,
        "is_signed": found.signature is not None,
    }


def _missing(path: Path, found: Bundle) -> list[dict[str, str]]:
    try:
        packages: Sequence[Mapping[str, object]] = tomllib.loads(path.read_text()).get(
            "package", []
        )
        entries = {entry.key: entry for entry in found.entries}
        return list(make_bundle.missing_of(packages, entries))
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise click.ClickException(f"'{path}' is not a lock file: {error}") from error
