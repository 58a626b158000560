"""Options and commands of `pulp cargo distribution` for lists of upstreams."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    distribution_lookup_option,
    href_option,
    load_file_wrapper,
    load_string_callback,
    name_option,
    pass_entity_context,
    pass_pulp_context,
    pulp_command,
    pulp_option,
)
from pulp_glue.cargo.distribution import PulpCargoDistributionContext
from pulp_glue.common.context import (
    EntityDefinition,
    EntityFieldDefinition,
    PulpEntityContext,
)

from pulpcore.cli.cargo.found import crates_io_first, given_registry, registry_for
from pulpcore.cli.cargo.options import distribution_option, name_argument
from pulpcore.cli.cargo.tables import as_table, with_table, wrapped

LIST = "registry with a list of upstreams"
EXAMPLE = '[{"name": "ours", "repository": "team"}, {"name": "crates.io", "remote": "crates-io"}]'


def _patterns(
    ctx: click.Context, param: click.Parameter, value: Sequence[str]
) -> Sequence[str] | None:
    # pulp-glue omits None; an empty value removes the setting.
    return [one for one in value if one] if value else None


@load_file_wrapper
def _upstreams(ctx: click.Context, param: click.Parameter, value: str) -> Any:
    try:
        found = json.loads(value)
    except ValueError as error:
        raise click.ClickException(
            f"The value of --upstreams is not valid JSON: {error}"
        ) from error
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise click.ClickException(f"--upstreams requires a list of objects, such as {EXAMPLE}")
    return found


list_options = [
    pulp_option(
        "--upstreams",
        callback=_upstreams,
        help="The upstreams of the registry, in order: a JSON list of objects with `name`,"
        " `repository` and `remote` (by name, href or PRN), `patterns`, `pins` and `private`, or '@'"
        " followed by the path of a file. Replaces the previous list; [] removes it.",
    ),
    pulp_option(
        "--reserved-name",
        "reserved_names",
        multiple=True,
        callback=_patterns,
        help="A name, or a prefix of names followed by *, that only private repositories of the"
        " list may serve. Can be given several times; replaces all previous values, and an empty"
        " value removes them.",
    ),
    pulp_option(
        "--mixed-name",
        "mixed_names",
        multiple=True,
        callback=_patterns,
        help="A name, or a prefix of names followed by *, for which the versions of all"
        " upstreams are served together. Can be given several times; replaces all previous values,"
        " and an empty value removes them.",
    ),
]


form_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Print sentences and a table, or all fields as JSON.",
)
EXPLAIN_HELP = "Show which of the upstreams of a registry answers for a crate, and why."


@pulp_command(help=EXPLAIN_HELP)
@name_argument
@name_option
@href_option
@distribution_lookup_option
@click.option("--crate", required=True, help="The crate, in any spelling.")
@form_option
@pass_entity_context
@pass_pulp_context
def explain(
    pulp_ctx: PulpCLIContext, distribution_ctx: PulpEntityContext, /, crate: str, form: str
) -> None:
    """Print the explanation; no upstream is asked."""
    assert isinstance(distribution_ctx, PulpCargoDistributionContext)
    _explain(pulp_ctx, given_registry(distribution_ctx), crate, form)


@pulp_command(name="explain", help=EXPLAIN_HELP)
@click.argument("crate")
@distribution_option
@form_option
@pass_pulp_context
def explain_crate(
    pulp_ctx: PulpCLIContext, /, crate: str, distribution: EntityFieldDefinition, form: str
) -> None:
    """Print the explanation; no upstream is asked."""
    _explain(pulp_ctx, distribution, crate, form)


def _explain(
    pulp_ctx: PulpCLIContext, distribution: EntityFieldDefinition, crate: str, form: str
) -> None:
    registry = registry_for(
        pulp_ctx, distribution, prefers=crates_io_first, suits=_has_upstreams, what=LIST
    )
    explanation = registry.explain(crate)
    if form == "json":
        pulp_ctx.output_result(explanation)
    else:
        click.echo("\n".join(_in_words(explanation)))


def _has_upstreams(registry: EntityDefinition) -> bool:
    return bool(registry["upstreams"])


def _in_words(explanation: EntityDefinition) -> Iterator[str]:
    yield wrapped(f"{explanation['sentence']}.")
    match explanation["answers"]:
        case None:
            yield "Which upstream answers depends on requests to upstreams."
        case []:
            yield "No upstream answers."
        case answers:
            yield f"Answered by {' and '.join(f'`{one}`' for one in answers)}."
    yield ""
    upstreams = explanation["upstreams"]
    yield as_table(["UPSTREAM", "VERSIONS", "CHECKED", "REASON"], [_row(one) for one in upstreams])
    for one in upstreams:
        for sentence in one["replaced"]:
            yield wrapped(f"`{one['upstream']}`: {sentence}")


def _row(upstream: EntityDefinition) -> tuple[str, str, str, str]:
    versions = "unknown" if upstream["has"] is None else str(upstream["versions"] or "none")
    checked = str(upstream["checked_at"] or "-")[:16].replace("T", " ")
    asked = "asked" if upstream["asked"] else "not asked"
    return upstream["upstream"], versions, checked, f"{asked}: {upstream['reason']}"


@pulp_command(help="List names that are in a private repository and in a remote of the list.")
@name_argument
@name_option
@href_option
@distribution_lookup_option
@click.option(
    "--names",
    callback=load_string_callback,
    help="Names of crates that exist upstream, one per line, or '@' followed by the path of a file."
    " They are used instead of the cached index files of the remotes.",
)
@pass_entity_context
@pass_pulp_context
def collisions(
    pulp_ctx: PulpCLIContext, distribution_ctx: PulpEntityContext, /, names: str | None
) -> None:
    """Print all of them; no upstream is asked."""
    assert isinstance(distribution_ctx, PulpCargoDistributionContext)
    found = (
        distribution_ctx.collisions()
        if names is None
        else distribution_ctx.collisions_with(names.split())
    )
    pulp_ctx.output_result(list(found))


with_table(collisions, "name", "private", "upstreams")
