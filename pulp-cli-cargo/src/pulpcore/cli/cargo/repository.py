"""`pulp cargo repository`: crates and yank marks, in versions."""

from typing import Any

import click
from pulp_cli.generic import (
    PulpCLIContext,
    create_command,
    destroy_command,
    href_option,
    label_command,
    label_select_option,
    list_command,
    name_filter_options,
    name_option,
    pass_pulp_context,
    pass_repository_context,
    pulp_group,
    pulp_labels_option,
    pulp_option,
    repository_content_command,
    repository_href_option,
    repository_lookup_option,
    retained_versions_option,
    role_command,
    show_command,
    type_option,
    update_command,
    version_command,
)
from pulp_glue.cargo.content import PulpCargoCrateContext, PulpCargoYankContext
from pulp_glue.cargo.context import PulpCargoRepositoryContext
from pulp_glue.common.context import EntityFieldDefinition, PulpRepositoryContext

from pulpcore.cli.cargo.closure import check_closure, promote
from pulpcore.cli.cargo.import_registry import import_registry
from pulpcore.cli.cargo.named_versions import remove, unyank, yank
from pulpcore.cli.cargo.options import (
    described,
    name_argument,
    name_startswith_option,
    output_version,
    remote_option,
)
from pulpcore.cli.cargo.params import Count, adapted
from pulpcore.cli.cargo.past import diff, label, labels, unlabel
from pulpcore.cli.cargo.progress import bars
from pulpcore.cli.cargo.selection import selection_options, show_refused
from pulpcore.cli.cargo.snapshot import signing_options, snapshot
from pulpcore.cli.cargo.tables import with_table
from pulpcore.cli.cargo.units import modify_options, unit_lookup_options


@pulp_group(help="Manage repositories of crates.")
@type_option(choices={"cargo": PulpCargoRepositoryContext})
def repository() -> None:
    """Manage repositories."""


def _aliases(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> list[str] | None:
    # None leaves the aliases unchanged, an empty list removes them.
    return [alias for alias in value if alias] if value else None


lookup_options = [href_option, name_option, repository_lookup_option]
nested_lookup_options = [repository_href_option, repository_lookup_option]
update_options = [
    click.option("--description"),
    remote_option,
    retained_versions_option,
    pulp_option(
        "--crates-io-rules/--no-crates-io-rules",
        default=None,
        help="Whether published crates must also follow the rules of crates.io.",
    ),
    pulp_option(
        "--crate-owners/--no-crate-owners",
        default=None,
        help="Whether only its owners may publish and yank a crate.",
    ),
    pulp_option(
        "--index-alias",
        "index_aliases",
        multiple=True,
        callback=_aliases,
        help="An additional index URL of the registries that serve this repository. Can be given several"
        " times; replaces all previous values, and an empty value removes them.",
    ),
    *signing_options,
    pulp_labels_option,
]
create_options = [*update_options, click.option("--name", required=True)]

version = version_command(decorators=nested_lookup_options, help="Manage repository versions.")
# Pulp's vulnerability scans do not support crates.
assert isinstance(version, click.Group)
del version.commands["scan"]
with_table(version.commands["list"], "NUMBER=number", "CREATED=pulp_created", "HREF=pulp_href")
for of_versions in (label, unlabel, labels, diff):
    version.add_command(of_versions)

repository.add_command(
    with_table(
        list_command(
            decorators=[label_select_option, *name_filter_options, name_startswith_option]
        ),
        *("name", "VERSIONS KEPT=retain_repo_versions", "OWNERS=crate_owners", "description"),
    )
)
repository.add_command(show_command(decorators=lookup_options))
for command in (
    create_command(decorators=create_options),
    update_command(decorators=[*lookup_options, *update_options]),
):
    repository.add_command(adapted(command, retain_repo_versions={"type": Count()}))
repository.add_command(destroy_command(decorators=lookup_options))
repository.add_command(
    described(
        version, {"repair": "Find damaged and missing files, and fetch them again if possible."}
    )
)
repository.add_command(label_command(decorators=nested_lookup_options, help="Manage labels."))
repository.add_command(role_command(decorators=lookup_options))
for command in (yank, unyank, remove, check_closure, promote, snapshot, import_registry):
    repository.add_command(command)
content = repository_content_command(
    contexts={"crate": PulpCargoCrateContext, "yank": PulpCargoYankContext},
    repository_contexts={"cargo:cargo": PulpCargoRepositoryContext},
    base_default_plugin="cargo",
    base_default_type="cargo",
    add_decorators=unit_lookup_options,
    remove_decorators=unit_lookup_options,
    modify_decorators=modify_options,
    help="Manage the content of the repository.",
)
with_table(content.commands["list"], "name", "vers", "license", "description")
repository.add_command(
    described(
        content,
        {
            "list": "List the content of a repository version.",
            "add": "Add a {entity} in a new version.",
            "remove": "Remove a {entity} in a new version.",
            "modify": "Add and remove several {entities} in one new version.",
        },
    )
)


@repository.command(help="Sync the repository with an upstream registry, or with a part of it.")
@name_argument
@name_option
@href_option
@repository_lookup_option
@remote_option
@click.option(
    "--mirror/--no-mirror",
    default=None,
    help="Whether crates that the upstream does not have, or that are not selected, are removed.",
)
@click.option(
    "--accept-older-snapshot",
    is_flag=True,
    default=None,
    help="Accept a signed snapshot of the upstream that is older than that of the last sync.",
)
@selection_options
@pass_repository_context
@pass_pulp_context
def sync(
    pulp_ctx: PulpCLIContext,
    repository_ctx: PulpRepositoryContext,
    /,
    remote: EntityFieldDefinition,
    mirror: bool | None,
    **selection: Any,
) -> None:
    """Sync the repository, print its newest version, and report what was refused."""
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    if not remote and repository_ctx.entity["remote"] is None:
        raise click.ClickException(
            f"The repository `{repository_ctx.entity['name']}` has no remote: select one with --remote."
        )
    given = {key: value for key, value in selection.items() if value not in (None, (), [])}
    with bars(pulp_ctx):
        made, report = repository_ctx.sync_index(
            {"remote": remote or None, "mirror": mirror, **given}
        )
    show_refused(report)
    output_version(pulp_ctx, repository_ctx, made, "There is nothing new to mirror")


@repository.command(help="Create a new version with the content of an older one.")
@name_argument
@name_option
@href_option
@repository_lookup_option
@click.option(
    "--to", type=click.IntRange(min=0), required=True, help="The number of the older version."
)
@pass_repository_context
@pass_pulp_context
def rollback(pulp_ctx: PulpCLIContext, repository_ctx: PulpRepositoryContext, /, to: int) -> None:
    """Roll the repository back, and print its newest version."""
    assert isinstance(repository_ctx, PulpCargoRepositoryContext)
    made = repository_ctx.rollback(to)
    output_version(
        pulp_ctx,
        repository_ctx,
        made,
        f"The newest version already has the content of version {to}",
    )
