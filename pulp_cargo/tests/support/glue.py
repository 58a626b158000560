"""Makes pulp-glue faster in a process that runs many commands, without changing its results."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulp_cli
from pulp_glue.common import context
from pulp_glue.common.openapi import OpenAPI

# pulp-glue polls tasks only once a second.
POLL_INTERVAL = 0.05
# The attributes of OpenAPI derived from a schema.
PARSED = ("_api_spec", "api_spec", "openapi_version", "operations")

Hook = Callable[[Any], Any]
_parse = OpenAPI._parse_api
_known: dict[tuple[bytes, Hook], dict[str, Any]] = {}


def hurry() -> None:
    """Poll tasks often, and parse each API schema once, until the process ends.

    Also look for plugins once, for which each command reads what is installed.
    """
    context.time = SimpleNamespace(sleep=_sleep)
    pulp_cli.entry_points = cache(pulp_cli.entry_points)
    OpenAPI._parse_api = _parse_once


def read_schemas(cache: Path) -> None:
    """Parse the schemas that `pulp` has cached there, for all forks of this process."""
    for path in cache.glob("squeezer/*.json"):
        api = OpenAPI.__new__(OpenAPI)
        api._patch_api_hook = context._patch_api_hook
        # A file that is being written is parsed by the next command.
        with suppress(Exception):
            _parse_once(api, path.read_bytes())


def _sleep(seconds: float) -> None:
    time.sleep(min(seconds, POLL_INTERVAL))


def _parse_once(api: OpenAPI, schema: bytes) -> None:
    key = (schema, api._patch_api_hook)
    if key not in _known:
        _parse(api, schema)
        _known[key] = {name: getattr(api, name) for name in PARSED}
    vars(api).update(_known[key])
