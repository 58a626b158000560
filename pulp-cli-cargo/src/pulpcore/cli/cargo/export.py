"""`pulp cargo export`: write a registry into a folder, for use without a registry server."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pulp_cli.generic import PulpCLIContext, pass_pulp_context, pulp_group
from pulp_glue.cargo.export.directory import DIRECTORY
from pulp_glue.cargo.export.from_registry import JOBS, export_registry
from pulp_glue.cargo.export.git_index import GIT
from pulp_glue.cargo.export.index_files import LOCAL, STATIC, static_dl
from pulp_glue.cargo.export.versions import ExportError
from pulp_glue.cargo.export.write import Report
from pulp_glue.cargo.registry_client import RegistryClient
from pulp_glue.common.context import EntityFieldDefinition

from pulpcore.cli.cargo.cargo_config import read_token
from pulpcore.cli.cargo.found import default_first, registry_for
from pulpcore.cli.cargo.options import distribution_option
from pulpcore.cli.cargo.read_registry import token_in

# The exit code if some versions are missing in the export.
INCOMPLETE = 1
# How many of them are printed.
MOST_PROBLEMS = 20


@pulp_group(
    help="Write a registry into a folder, in a format that cargo reads without this Pulp. The next"
    " run into the same folder only fetches what is new."
)
def export() -> None:
    """Write registries into folders."""


def _of_registry(command: Callable[..., None]) -> Callable[..., None]:
    """Add the parameters of all formats."""
    for decorate in (
        click.option(
            "--jobs",
            type=click.IntRange(1, 64),
            default=JOBS,
            help=f"How many files to fetch at the same time; {JOBS} by default.",
        ),
        click.option(
            "--token-file",
            type=click.File("r"),
            help="A file with the token for a private registry. By default it is the one that cargo"
            " has for the registry.",
        ),
        click.option(
            "--at",
            help="An earlier state of the registry: the number of a repository version, a date or"
            " time in UTC, or a label.",
        ),
        click.option(
            "--url",
            help="The index URL of the registry as in cargo's configuration, instead of"
            " --distribution. With it, `pulp` does not have to be configured.",
        ),
        distribution_option,
        click.argument("folder", type=click.Path(path_type=Path)),
        pass_pulp_context,
    ):
        command = decorate(command)
    return command


@export.command(
    name=STATIC,
    help="Write a sparse registry of plain files. Any web server can serve it: FOLDER must be at"
    " the registry's URL.",
)
@click.option(
    "--dl",
    required=True,
    help="The URL at which FOLDER/crates is served. A URL with cargo's markers, such as {crate}, is"
    " used unchanged.",
)
@_of_registry
def static(pulp_ctx: PulpCLIContext, /, folder: Path, dl: str, **wanted: Any) -> None:
    """Write config.json, index files and .crate files."""
    _export(pulp_ctx, folder, STATIC, dl=_dl(dl), **wanted)


@export.command(
    name=LOCAL,
    help="Write a local registry, for `local-registry` in a `[source]` table of cargo's"
    " configuration.",
)
@_of_registry
def local_registry(pulp_ctx: PulpCLIContext, /, folder: Path, **wanted: Any) -> None:
    """Write index files and .crate files."""
    _export(pulp_ctx, folder, LOCAL, **wanted)


@export.command(
    name=GIT,
    help="Write a git index: a bare git repository, whose URL is the `registry` or `index` in"
    " cargo's configuration. Each run makes one commit, unless nothing is new.",
)
@click.option(
    "--dl",
    help="The URL for downloads in config.json, as in `export static`; by default that of the"
    " registry.",
)
@_of_registry
def git(pulp_ctx: PulpCLIContext, /, folder: Path, dl: str | None, **wanted: Any) -> None:
    """Write config.json and index files, but no .crate files."""
    _export(pulp_ctx, folder, GIT, dl=dl and _dl(dl), **wanted)


@export.command(
    name=DIRECTORY,
    help="Write a directory source: unpacked crates, as `cargo vendor` writes them.",
)
@click.option(
    "--with-yanked",
    is_flag=True,
    help="Include yanked versions. The format cannot mark them as yanked, so cargo selects them like"
    " any other version.",
)
@_of_registry
def directory(pulp_ctx: PulpCLIContext, /, folder: Path, **wanted: Any) -> None:
    """Write unpacked crates."""
    _export(pulp_ctx, folder, DIRECTORY, **wanted)


def _export(
    pulp_ctx: PulpCLIContext,
    folder: Path,
    kind: str,
    *,
    distribution: EntityFieldDefinition,
    url: str | None,
    at: str | None,
    token_file: Any,
    jobs: int,
    **how: Any,
) -> None:
    root = _url(pulp_ctx, distribution, url)
    token = token_in(token_file) if token_file else read_token(root)
    try:
        client = RegistryClient(
            f"{root.rstrip('/')}/@{at}/" if at else root, token, verify=_verify(pulp_ctx)
        )
        with _bar() as show:
            report = export_registry(client, folder, kind, jobs=jobs, progress=show, **how)
    except ExportError as error:
        raise click.ClickException(f"{error}.") from error
    show_outcome(report, folder)


def show_outcome(report: Report, folder: Path) -> None:
    """Print what the folder has now to standard error; exit if versions are missing."""
    for one in report.problems[:MOST_PROBLEMS]:
        click.echo(f"error: {one.name} {one.vers}: {one.reason}", err=True)
    click.echo(_outcome(report, folder), err=True)
    if report.problems:
        raise click.exceptions.Exit(INCOMPLETE)


def _url(pulp_ctx: PulpCLIContext, distribution: EntityFieldDefinition, url: str | None) -> str:
    if url is None:
        registry = registry_for(pulp_ctx, distribution, prefers=default_first)
        return str(registry.entity["base_url"])
    if distribution is not None:
        raise click.UsageError("Give either --url or --distribution.")
    return url


def _verify(pulp_ctx: PulpCLIContext) -> bool | str:
    verify = getattr(pulp_ctx, "verify_ssl", None)
    return True if verify is None else verify


def _dl(url: str) -> str:
    try:
        return static_dl(url)
    except ExportError as error:
        raise click.UsageError(f"{error}.") from error


def _outcome(report: Report, folder: Path) -> str:
    """Return a sentence on what the folder has now.

    >>> _outcome(Report(count=3), Path("public"))
    'public has 3 crate versions; nothing was new.'
    """
    versions = "crate version" if report.count == 1 else "crate versions"
    new = f"{report.added} {'was' if report.added == 1 else 'were'} new" if report.added else ""
    left_out = f"; {len(report.problems)} could not be exported" if report.problems else ""
    return f"{folder} has {report.count} {versions}; {new or 'nothing was new'}{left_out}."


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """Yield a function that shows how many versions are done, on a terminal only."""
    bar: Any = None

    def show(done: int, total: int) -> None:
        nonlocal bar
        if bar is None and total and sys.stderr.isatty():
            bar = click.progressbar(
                length=total, label="Exporting crate versions", show_pos=True, file=sys.stderr
            )
            bar.__enter__()
        if bar is not None:
            bar.update(done - bar.pos)

    try:
        yield show
    finally:
        if bar is not None:
            bar.__exit__(None, None, None)
