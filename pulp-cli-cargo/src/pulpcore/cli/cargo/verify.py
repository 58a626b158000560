"""`pulp cargo verify`: a registry, a bundle or a copy, compared with a snapshot."""

from pathlib import Path
from typing import IO

import click
from pulp_cli.generic import PulpCLIContext, pass_pulp_context

from pulpcore.cli.cargo import compare, snapshots
from pulpcore.cli.cargo.read_registry import RegistryReader, reader_for, token_option
from pulpcore.cli.cargo.snapshots import Snapshot
from pulpcore.cli.cargo.tables import with_table

key_option = click.option(
    "--key",
    "keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with OpenPGP public keys; one of them must have signed the snapshot.",
)


@click.command(
    help="Compare a registry with a snapshot. TARGET is the URL of a registry, a bundle, or a folder:"
    " a static copy of a registry, or a local registry. Each difference is printed: crate versions that"
    " are `missing` or `extra`, those with another `checksum` or `yanked` mark, and each `file` whose"
    " bytes do not match its checksum. If TARGET is a file or folder, no server is needed."
)
@click.argument("target", metavar="TARGET")
@click.option(
    "--snapshot",
    "wanted",
    metavar="FOLDER|URL",
    help="A folder or registry with `snapshot.json` and `snapshot.jsonl`; by default TARGET itself.",
)
@key_option
@token_option
@click.option(
    "--files/--no-files",
    default=True,
    help="Whether the .crate files of a registry are downloaded and compared, too.",
)
@pass_pulp_context
def verify(
    pulp_ctx: PulpCLIContext,
    /,
    target: str,
    wanted: str | None,
    keys: Path | None,
    token_file: IO[str] | None,
    files: bool,
) -> None:
    """Print the differences; exit with status 1 if there are any."""
    path, place = Path(target), wanted or target
    source: RegistryReader | Path = Path(place)
    if _is_url(place):
        source = reader_for(pulp_ctx, place, token_file)
    if not _is_url(target) and path.is_file():
        found = _of_bundle(path, source if wanted else None, keys)
    else:
        snapshot = _snapshot(source, keys)
        if _is_url(target):
            registry = source if place == target else reader_for(pulp_ctx, target, None)
            assert isinstance(registry, RegistryReader)
            found = compare.shown(compare.of_registry(snapshot.entries, registry, files=files))
        elif path.is_dir():
            found = compare.shown(compare.of_folder(snapshot.entries, path))
        else:
            raise click.ClickException(f"'{target}' is neither a URL nor a file or folder.")
    pulp_ctx.output_result(found)
    if found:
        raise click.ClickException(f"The snapshot differs in {len(found)} points.")


with_table(verify, "problem", "name", "vers", "detail")


def _of_bundle(
    path: Path, source: RegistryReader | Path | None, keys: Path | None
) -> list[dict[str, str]]:
    with path.open("rb") as file:
        bundle = snapshots.of_bundle(file)
    if source is None:
        _say(bundle.head.what, snapshots.signer(bundle.head_bytes, bundle.signature, keys))
        return []
    found = {entry.key: entry for entry in bundle.entries}
    return compare.shown(compare.of_entries(_snapshot(source, keys).entries, found))


def _snapshot(source: RegistryReader | Path, keys: Path | None) -> Snapshot:
    """Return the snapshot of a registry or folder, and say who has signed it."""
    if isinstance(source, RegistryReader):
        snapshot = snapshots.of_registry(source)
    else:
        snapshot = snapshots.of_folder(source)
    _say(snapshot.head.what, snapshot.require_signer(keys))
    return snapshot


def _say(what: str, signed_by: str | None) -> None:
    by = f"signed by {signed_by}" if signed_by else "its signature was not checked"
    click.echo(f"Snapshot: {what} ({by}).", err=True)


def _is_url(text: str) -> bool:
    return text.removeprefix("sparse+").startswith(("http://", "https://"))
