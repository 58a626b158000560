"""The output of the launcher when the registry is ready, for scripts or for people."""

import json
from dataclasses import dataclass
from pathlib import Path

from pulp_cargo.serve.state import ADMIN_USER, CACHE_KEY, REGISTRY_NAME


@dataclass(frozen=True, slots=True)
class Ready:
    """Everything needed to use the running registry."""

    api_url: str
    content_url: str
    index_url: str | None
    cache_index_url: str | None
    token: str | None
    admin_password: str | None
    pids: dict[str, int]
    logs: Path


def for_scripts(ready: Ready) -> str:
    """Return one line of JSON."""
    return json.dumps(
        {
            "api_url": ready.api_url,
            "content_url": ready.content_url,
            "index_url": ready.index_url,
            "cache_index_url": ready.cache_index_url,
            "token": ready.token,
            "admin_user": ADMIN_USER,
            "admin_password": ready.admin_password,
            "pids": ready.pids,
        }
    )


def for_people(ready: Ready) -> str:
    """Return the lines for cargo's configuration, and further information."""
    return f"""\
{_registry(ready)}{_cache(ready)}
REST API: {ready.api_url}/pulp/api/v3/, user {ADMIN_USER}, {_password(ready)}
Tokens:   {ready.api_url}/pulp/cargo-account/, for all users
Logs:     {ready.logs}
Ctrl-C stops it; the next start finds everything again.
"""


def _registry(ready: Ready) -> str:
    if ready.index_url is None:
        return f"The first registry, {REGISTRY_NAME}, is no longer there; all others are.\n"
    return f"""
The registry is ready: {ready.index_url}

In ~/.cargo/config.toml:

    [registries.{REGISTRY_NAME}]
    index = "{ready.index_url}"
    credential-provider = "cargo:token"

In ~/.cargo/credentials.toml:

    [registries.{REGISTRY_NAME}]
    token = "{ready.token or "a token of the account page"}"

Then, in a crate: cargo publish --registry {REGISTRY_NAME}
"""


def _cache(ready: Ready) -> str:
    if ready.cache_index_url is None:
        return ""
    return f"""
A cache of crates.io is ready, too: {ready.cache_index_url}

To get the crates of crates.io through it, add to ~/.cargo/config.toml:

    [registries.{CACHE_KEY}]
    index = "{ready.cache_index_url}"

    [source.crates-io]
    replace-with = "{CACHE_KEY}"

    [source.{CACHE_KEY}]
    registry = "{ready.cache_index_url}"
"""


def _password(ready: Ready) -> str:
    if ready.admin_password is None:
        return "with the password that this database knew before"
    return f"password {ready.admin_password}"
