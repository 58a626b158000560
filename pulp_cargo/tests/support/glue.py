"""Makes pulp-glue quick in a process that runs many commands; what it does stays the same."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pulp_glue.common import context
from pulp_glue.common.openapi import OpenAPI

# pulp-glue waits a whole second before it looks at a task again.
POLL_INTERVAL = 0.05
# What OpenAPI keeps of a schema.
PARSED = ("_api_spec", "api_spec", "openapi_version", "operations")

Hook = Callable[[Any], Any]
_parse = OpenAPI._parse_api
_known: dict[tuple[bytes, Hook], dict[str, Any]] = {}


def hurry() -> None:
    """Poll tasks often, and parse each API schema once; holds until the process ends."""
    context.time = SimpleNamespace(sleep=_sleep)
    OpenAPI._parse_api = _parse_once


def read_schemas(cache: Path) -> None:
    """Parse the schemas that `pulp` has cached there, so that forks of this process need not."""
    for path in cache.glob("squeezer/*.json"):
        api = OpenAPI.__new__(OpenAPI)
        api._patch_api_hook = context._patch_api_hook
        # A file that is being written is left to the command that reads it next.
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
