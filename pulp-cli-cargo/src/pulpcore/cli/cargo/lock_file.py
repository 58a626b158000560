"""`pulp cargo check` and `prefetch`: check a lock file, and fetch its missing files."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from pulp_cli.generic import PulpCLIContext, PulpCommand, pass_pulp_context, pulp_command
from pulp_glue.cargo.sentences import capitalized
from pulp_glue.common.context import EntityDefinition, EntityFieldDefinition
from pulp_glue.common.exceptions import PulpException

from pulpcore.cli.cargo.found import crates_io_first, registry_for
from pulpcore.cli.cargo.options import distribution_option
from pulpcore.cli.cargo.progress import bars, note
from pulpcore.cli.cargo.tables import wrapped

# Exit codes: the lock file does not pass, and the check failed.
FAILS, BROKEN = 1, 2
COLORS = {"error": "red", "warning": "yellow"}
# Flags that are printed even if the package passes.
FLAGS = {
    "name-also-private": "this registry also has a private crate of this name",
    "old-index": "the upstream does not respond, so the verdict is based on a cached index file",
    "name-also-upstream": "an upstream of this registry also has a crate of this name",
}


class CheckFailed(click.ClickException):
    """The check could not be completed."""

    exit_code = BROKEN


class Gate(PulpCommand):
    """A command whose exit code 1 is a result, so that failures have another one."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the command's options."""
        with _told_apart():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _told_apart():
            return super().invoke(ctx)


@contextmanager
def _told_apart() -> Iterator[None]:
    try:
        yield
    except PulpException as error:
        raise CheckFailed(str(error)) from error
    except click.ClickException as error:
        if error.exit_code != FAILS:
            raise
        raise CheckFailed(error.message) from error


def _file(ctx: click.Context, param: click.Parameter, value: Path) -> bytes:
    try:
        return value.read_bytes()
    except OSError as error:
        raise click.ClickException(f"'{value}' cannot be read: {error.strerror}.") from error


def _of_lock_file(command: Callable[..., None]) -> Callable[..., None]:
    """Add the parameters of both commands."""
    for decorate in (
        click.option(
            "--crates-io/--no-crates-io",
            default=None,
            help="Whether the registry stands in for crates.io; by default, this depends on the URLs"
            " of its upstreams.",
        ),
        distribution_option,
        click.argument(
            "lock_file",
            metavar="[LOCK_FILE]",
            type=click.Path(path_type=Path),
            default="Cargo.lock",
            callback=_file,
        ),
    ):
        command = decorate(command)
    return command


@pulp_command(
    cls=Gate,
    help="Check a Cargo.lock against a registry, and print a line for each problem. The exit code"
    " is 0 if the lock file passes, 1 if it does not, and 2 if the check was not possible.",
)
@_of_lock_file
@click.option(
    "--offline",
    is_flag=True,
    help="Send no requests to upstreams. Packages that cannot be downloaded without one fail.",
)
@click.option(
    "--refresh/--no-refresh",
    default=None,
    help="Whether missing and outdated index files are fetched from upstreams. By default they"
    " are, unless --offline is given.",
)
@click.option(
    "--allow-source",
    "allow_sources",
    multiple=True,
    help="Another registry or git repository that packages may come from: its URL as"
    " in the lock file, or a prefix of URLs followed by `/*`. Can be given several times; packages"
    " from anywhere else fail.",
)
@click.option("--fail-on-yanked", is_flag=True, help="Treat yanked packages as failures.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Print lines of text, or the complete report as JSON.",
)
@pass_pulp_context
def check(
    pulp_ctx: PulpCLIContext,
    /,
    lock_file: bytes,
    distribution: EntityFieldDefinition,
    form: str,
    allow_sources: tuple[str, ...],
    **wanted: bool | None,
) -> None:
    """Print the report."""
    registry = registry_for(pulp_ctx, distribution, prefers=crates_io_first)
    with note(f"Checking {_count(lock_file)} packages"):
        report = registry.check(lock_file, allow_sources=list(allow_sources), **wanted)
    if form == "json":
        pulp_ctx.output_result(report)
    else:
        for line in _lines(report):
            click.echo(_highlighted(line))
        click.echo(wrapped(_summary(report)), err=True)
    if not report["passes"]:
        raise click.exceptions.Exit(FAILS)


@pulp_command(
    cls=Gate,
    help="Fetch the .crate files of a Cargo.lock that a registry has not stored yet, and print a line"
    " for each that cannot be fetched. The exit code is 0 if all were fetched, 1 if some were not, and"
    " 2 if the command failed.",
)
@_of_lock_file
@pass_pulp_context
def prefetch(
    pulp_ctx: PulpCLIContext,
    /,
    lock_file: bytes,
    distribution: EntityFieldDefinition,
    crates_io: bool | None,
) -> None:
    """Fetch the files, and print the problems."""
    registry = registry_for(pulp_ctx, distribution, prefers=crates_io_first)
    with bars(pulp_ctx):
        done = registry.prefetch(lock_file, crates_io=crates_io)
    problems = done["problems"]
    for one in problems:
        click.echo(_highlighted(f"error: {one['name']} {one['vers']}: {one['reason']}"))
    pulp_ctx.echo(_outcome(done["fetched"], done["there"]), err=True)
    if problems:
        raise click.exceptions.Exit(FAILS)


def _outcome(fetched: int, there: int) -> str:
    """Return how many files were fetched, and how many did not have to be.

    >>> _outcome(1, 0)
    'Fetched 1 file; 0 were already stored.'
    """
    files = "file" if fetched == 1 else "files"
    were = "was" if there == 1 else "were"
    return f"Fetched {fetched} {files}; {there} {were} already stored."


def _count(lock_file: bytes) -> int:
    """Return about how many packages there are; the server reads the file itself."""
    return lock_file.count(b"[[package]]")


def _highlighted(line: str) -> str:
    """Return a line for its terminal: wrapped, with the kind in its color; elsewhere unchanged."""
    kind, colon, rest = wrapped(line).partition(":")
    # click removes the color where the output is no terminal.
    return f"{click.style(kind + colon, fg=COLORS.get(kind), bold=True)}{rest}"


def _lines(report: EntityDefinition) -> Iterator[str]:
    for row in report["packages"]:
        about = f"{row['name']} {row['vers']}"
        if row["verdict"] != "served":
            kind = "warning" if row["passes"] else "error"
            yield f"{kind}: {about}: {row['verdict']}: {row['reason']}"
        for flag in row["flags"]:
            if flag in FLAGS:
                yield f"warning: {about}: {flag}: {FLAGS[flag]}"
    for row in report["not_checked"]:
        # An older Pulp lets all of them pass, and has no such field.
        if not row.get("passes", True):
            yield f"error: {row['name']} {row['vers']}: foreign-source: {row['reason']}"


def _summary(report: EntityDefinition) -> str:
    sentence = capitalized(str(report["sentence"]))
    count = sum(row.get("passes", True) for row in report["not_checked"])
    were = "package from elsewhere was" if count == 1 else "packages from elsewhere were"
    others = f"; {count} {were} not checked" if count else ""
    return f"{sentence}{others}."
