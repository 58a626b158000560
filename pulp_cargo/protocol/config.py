"""`config.json`, the first thing cargo asks a registry for (Cargo Book, Registry Index)."""

import json


def render_config(*, dl: str, api: str | None, auth_required: bool) -> bytes:
    """Return the bytes of config.json.

    Cargo appends paths to both URLs as text, so neither ends in a slash.

    >>> render_config(dl="https://r.example/dl", api="https://r.example/", auth_required=True)
    b'{"dl":"https://r.example/dl","api":"https://r.example","auth-required":true}'
    """
    config = {
        "dl": dl.rstrip("/"),
        "api": api and api.rstrip("/"),
        "auth-required": auth_required,
    }
    return json.dumps(config, separators=(",", ":")).encode()
