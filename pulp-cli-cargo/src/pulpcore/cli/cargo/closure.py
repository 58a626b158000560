"""`pulp cargo repository check-closure` and `promote`: what crates need, and copying them with it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    href_option,
    name_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_command,
    repository_lookup_option,
)
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import PulpRepositoryContext

from pulpcore.cli.cargo.options import name_argument
from pulpcore.cli.cargo.progress import bars, note
from pulpcore.cli.cargo.selection import features_of
from pulpcore.cli.cargo.tables import wrapped

FAILS = 1
REASONS = {
    "no-crate": "there is no such crate",
    "no-version": "no version meets it",
    "only-yanked": "only yanked versions meet it",
    "refused": "a crate policy refuses what meets it",
}
form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Print lines of text, or everything as JSON.",
)


def _needed(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> list[dict[str, str]]:
    crates = []
    for text in value:
        name, _, req = text.partition("@")
        if not name:
            raise click.ClickException(f"--crate {text!r} is not NAME or NAME@REQUIREMENT.")
        # As in cargo, `=1.0.0` is one version; a yanked one may be checked, too.
        exact = {"vers": req[1:]} if req.startswith("=") and "," not in req else {}
        crates.append({"name": name, **(exact or {"req": req or "*"})})
    return crates


def _promoted(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> list[dict[str, str]]:
    crates = []
    for text in value:
        name, at, vers = text.partition("@")
        if not (name and at and vers):
            raise click.ClickException(f"--crate {text!r} is not NAME@VERSION.")
        crates.append({"name": name, "vers": vers})
    return crates


@pulp_command(
    name="check-closure",
    help="Check whether the dependencies of crates are in the repository and can be downloaded, and"
    " print a line for each problem. Without --crate, every crate of the repository is checked. The"
    " exit code is 1 if there is a problem.",
)
@name_argument
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--crate",
    "crates",
    multiple=True,
    callback=_needed,
    help="A crate, as NAME or NAME@REQUIREMENT. Everything that it needs with all of its features,"
    " or with those in --features, is checked. Can be given several times.",
)
@click.option(
    "--features",
    multiple=True,
    callback=features_of,
    help="A feature to enable in addition to `default`: of all crates, or of one as CRATE/FEATURE. By"
    " default, all. Can be given several times, or separated by commas.",
)
@click.option(
    "--all-features",
    is_flag=True,
    help="Also check optional dependencies that no enabled feature needs.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    help="A target triple to build for; by default, all. Can be given several times, and must"
    " include the triple of the host.",
)
@form_option
@pass_repository_context
@pass_pulp_context
def check_closure(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    crates: Sequence[Mapping[str, str]],
    features: Sequence[str],
    all_features: bool,
    targets: Sequence[str],
    form: str,
) -> None:
    """Print the report."""
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    if features and not crates:
        raise click.ClickException(
            "--features requires --crate: name the crate with these features."
        )
    with note("Checking the closure"), bars(pulp_ctx):
        asked = _with_features(crates, features) if features else crates
        report = repository_ctx.check_closure(asked, targets, all_features=all_features)
    if form == "json":
        pulp_ctx.output_result(report)
    else:
        for line in _problems(report):
            click.echo(line)
        click.echo(wrapped(_summary(report)), err=True)
    if not report["passes"]:
        raise click.exceptions.Exit(FAILS)


@pulp_command(
    help="Copy versions of crates from another repository, with the dependencies that this one lacks,"
    " in one new version. If something prevents this, print the reasons, and copy nothing."
)
@name_argument
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--from", "source", required=True, help="The repository to copy from, by name, href or PRN."
)
@click.option(
    "--crate",
    "crates",
    multiple=True,
    required=True,
    callback=_promoted,
    help="A version, as NAME@VERSION. Can be given several times.",
)
@click.option(
    "--closure/--no-closure",
    default=True,
    help="Whether dependencies are copied, too; by default, they are.",
)
@click.option("--dry-run", is_flag=True, help="Only print what would be copied.")
@form_option
@pass_repository_context
@pass_pulp_context
def promote(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    source: str,
    crates: Sequence[Mapping[str, str]],
    closure: bool,
    dry_run: bool,
    form: str,
) -> None:
    """Print the plan, or what was copied."""
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    with bars(pulp_ctx):
        plan = repository_ctx.promote(source, crates, closure=closure, dry_run=dry_run)
    if form == "json":
        pulp_ctx.output_result(plan)
    else:
        for line in _copies(plan):
            click.echo(line)
        click.echo(wrapped(_outcome(plan, dry_run=dry_run)), err=True)
    if not plan["passes"]:
        raise click.exceptions.Exit(FAILS)


def _with_features(
    crates: Sequence[Mapping[str, Any]], features: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Return the crates with the features that are enabled of each.

    >>> _with_features([{"name": "a"}, {"name": "b"}], ["x", "b/y"])
    [{'name': 'a', 'features': ['x']}, {'name': 'b', 'features': ['x', 'y']}]
    """
    pairs = [text.rpartition("/") for text in features]
    return [
        {
            **crate,
            "features": [feature for of, _, feature in pairs if of in ("", crate["name"])],
        }
        for crate in crates
    ]


def _problems(report: Mapping[str, Any]) -> Iterator[str]:
    for one in report["unmet"]:
        there = f" (there: {', '.join(one['there'])})" if one["reason"] == "no-version" else ""
        yield f"{_dependency(one)}: {REASONS[one['reason']]}{there}"
    for one in report["without_file"]:
        yield f"{one['name']} {one['vers']}: its file is not stored, and cannot be fetched"
    for one in report["elsewhere"]:
        yield f"{_dependency(one)}: from {one['registry']}, not checked"


def _dependency(one: Mapping[str, Any]) -> str:
    by = ", ".join(f"{by['name']} {by['vers']}" for by in one["needed_by"][:3])
    more = one["dependents"] - min(3, len(one["needed_by"]))
    needed = f", needed by {by}{f' and {more} more' if more > 0 else ''}" if by else ""
    return f"{one['name']} {one['req']}{needed}"


def _summary(report: Mapping[str, Any]) -> str:
    checked = f"{report['versions']} versions checked"
    if report["passes"]:
        return f"{checked}: all dependencies on this registry resolve, and all files can be downloaded."
    return (
        f"{checked}: {report['unmet_count']} dependencies do not resolve, and"
        f" {report['without_file_count']} files cannot be downloaded."
    )


def _copies(plan: Mapping[str, Any]) -> Iterator[str]:
    for one in plan["copies"]:
        by = one["needed_by"]
        needed = f", needed by {by['name']} {by['vers']}" if by else ""
        yield f"{one['name']} {one['vers']}{' (yanked)' if one['yanked'] else ''}{needed}"
    for one in plan["elsewhere"]:
        yield f"not copied: {_dependency(one)}, from {one['registry']}"
    for one in plan["problems"]:
        yield f"error: {one['reason']}"


def _outcome(plan: Mapping[str, Any], *, dry_run: bool) -> str:
    count, there = len(plan["copies"]), plan["there"]
    if not plan["passes"]:
        return "Nothing can be promoted because of these errors."
    verb = "would be copied" if dry_run else "were copied"
    return f"{count} versions {verb}, and {there} were there already."
