"""Options that identify crates and yank marks on the command line."""

from typing import Any

import click
import schema as s
from pulp_cli.generic import (
    create_content_json_callback,
    href_option,
    pulp_option,
)
from pulp_glue.cargo.content import PulpCargoCrateContext
from pulp_glue.common.context import PulpContentContext

UNITS = s.Schema([{"name": s.And(str, len), "vers": s.And(str, len), s.Optional("cksum"): str}])
UNITS_HELP = (
    'The crates {verb}: a JSON list of objects with "name" and "vers", or \'@\' followed by the path of'
    ' a file. If several files have the same name and version, "cksum" is also required.'
)


def _by(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        unit_ctx = ctx.find_object(PulpContentContext)
        assert unit_ctx is not None and param.name is not None
        unit_ctx.entity = {param.name: value}


def _unit_option(name: str, help_text: str, **kwargs: Any) -> Any:
    return pulp_option(name, help=help_text, callback=_by, expose_value=False, **kwargs)


unit_lookup_options = [
    href_option,
    _unit_option("--name", "The name of the crate, in any spelling."),
    _unit_option("--vers", "The version of the crate."),
    _unit_option(
        "--cksum",
        "The SHA-256 of the .crate file, if several files have this name and version.",
        allowed_with_contexts=(PulpCargoCrateContext,),
    ),
]


def _list_option(name: str, verb: str) -> Any:
    callback = create_content_json_callback(schema=UNITS)
    return click.option(name, callback=callback, help=UNITS_HELP.format(verb=verb))


modify_options = [
    _list_option("--add-content", "to add"),
    _list_option("--remove-content", "to remove"),
]
