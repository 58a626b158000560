"""The options of `pulp cargo repository sync` for what is mirrored, and the report of what is not."""

from collections.abc import Callable
from pathlib import Path

import click
from pulp_glue.common.context import EntityDefinition

# Refused versions that are printed; the task has more of them.
MOST_SHOWN = 20


def _texts(ctx: click.Context, param: click.Parameter, value: tuple[Path, ...]) -> list[str]:
    texts = []
    for path in value:
        try:
            texts.append(path.read_text())
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            raise click.ClickException(f"'{path}' cannot be read: {reason}.") from error
    return texts


def features_of(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> list[str]:
    # As in cargo, features are separated by commas or spaces.
    return [one for text in value for one in text.replace(",", " ").split()]


def selection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options."""
    for decorate in (
        click.option(
            "--target",
            "targets",
            multiple=True,
            help="A target triple to build for; by default, all. Dependencies that are only for other"
            " triples are left out. Can be given several times, and must include the triple of the host.",
        ),
        click.option(
            "--features",
            multiple=True,
            callback=features_of,
            help="A feature to enable in the closure in addition to `default`: of all crates, or of one as"
            " CRATE/FEATURE. By default, all. Can be given several times, or separated by commas.",
        ),
        click.option(
            "--all-features/--no-all-features",
            default=None,
            help="Whether the closure includes all optional dependencies; by default it does, unless"
            " --features is given.",
        ),
        click.option(
            "--closure/--no-closure",
            default=None,
            help="Whether everything that cargo might need for the selected crates is mirrored, too.",
        ),
        click.option(
            "--yanked/--no-yanked",
            default=None,
            help="Whether yanked versions are mirrored; by default they are.",
        ),
        click.option(
            "--newest",
            type=click.IntRange(min=1),
            help="How many of the newest versions of each crate are mirrored; by default all.",
        ),
        click.option(
            "--crates-io/--no-crates-io",
            default=None,
            help="Whether the upstream is a copy of crates.io, so that packages from crates.io in lock"
            " files and manifests are mirrored.",
        ),
        click.option(
            "--dev/--no-dev",
            default=None,
            help="Whether the dev-dependencies of manifests are included; by default they are.",
        ),
        click.option(
            "--registry",
            help='The name of the upstream in manifests, as in `registry = "company"`.',
        ),
        click.option(
            "--manifest",
            "manifests",
            multiple=True,
            type=click.Path(path_type=Path),
            callback=_texts,
            help="A Cargo.toml: the versions that meet the requirements of its dependencies are"
            " mirrored. Can be given several times.",
        ),
        click.option(
            "--lock-file",
            "lock_files",
            multiple=True,
            type=click.Path(path_type=Path),
            callback=_texts,
            help="A Cargo.lock whose packages from the upstream are mirrored. Can be given several"
            " times.",
        ),
        click.option(
            "--crate",
            "crates",
            multiple=True,
            help="A crate to mirror: a name, or a prefix of names followed by `*`, optionally with a"
            " requirement, as in serde@1.0.100. Can be given several times; by default, all crates"
            " are mirrored.",
        ),
    ):
        command = decorate(command)
    return command


def show_refused(report: EntityDefinition) -> None:
    """Print what was refused, and why, to standard error."""
    count = report.get("refused_count", 0)
    if not count:
        return
    for one in report["refused"][:MOST_SHOWN]:
        what = " ".join(filter(None, (one["name"], one["vers"])))
        click.echo(f"refused: {what}: {one['reason']}", err=True)
    if count > MOST_SHOWN:
        click.echo(f"refused: {count - MOST_SHOWN} more, see the result of the task", err=True)
