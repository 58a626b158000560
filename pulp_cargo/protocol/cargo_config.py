"""The lines of cargo's `config.toml` for using a registry (Cargo Book, "Configuration")."""

import re

from pulp_cargo.protocol.registry_url import is_crates_io

_NO_KEY = re.compile(r"[^A-Za-z0-9_-]+")

_REGISTRY = """\
# For ~/.cargo/config.toml, or .cargo/config.toml in a project.
[registries.{key}]
index = "{index_url}"
"""
# Without this cargo refuses to send a token with what it reads (Cargo Book, "Registry
# Authentication"). It belongs to the registry's own table, since `[registry]` may occur only once.
_PRIVATE = """\
# This registry requires a token: cargo login --registry {key}
credential-provider = "cargo:token"
"""
_THROUGH = """
# With these lines cargo gets the crates of {upstream_name} through this registry.
"""
_INSTEAD_OF_CRATES_IO = """\
[source.crates-io]
replace-with = "{key}"
"""
_INSTEAD = """\
[source.{key}-upstream]
registry = "{upstream}"
replace-with = "{key}"
"""
# cargo-deny, cargo-audit and others of tame-index look for a replacement in `[source]` only, and
# would ask the upstream itself. They cannot send a token, and with this table cargo prints a note
# whenever it sends one, so it is for public registries.
_FOR_TOOLS = """\
[source.{key}]
registry = "{index_url}"
"""


def registry_key(name: str) -> str:
    """Return a valid name for a registry in cargo's configuration: letters, digits, `-` and `_`.

    >>> registry_key("my crates"), registry_key("team/a"), registry_key("2b"), registry_key("…")
    ('my-crates', 'team-a', 'pulp-2b', 'registry')
    """
    key = _NO_KEY.sub("-", name).strip("-") or "registry"
    # Cargo uses that name for crates.io, so the source would replace itself.
    return f"pulp-{key}" if key == "crates-io" or key[0].isdigit() else key


def render_cargo_config(
    name: str, index_url: str, *, auth_required: bool, upstream: str | None
) -> str:
    """Return the lines for a registry of that name; `upstream` is the registry that it caches.

    >>> print(render_cargo_config("team", "sparse+https://r.example/team/",
    ...     auth_required=False, upstream=None), end="")
    # For ~/.cargo/config.toml, or .cargo/config.toml in a project.
    [registries.team]
    index = "sparse+https://r.example/team/"
    """
    text = _REGISTRY
    if auth_required:
        text += _PRIVATE
    upstream_name = "the upstream registry"
    if upstream is not None:
        known = is_crates_io(upstream)
        upstream_name = "crates.io" if known else upstream_name
        text += _THROUGH + (_INSTEAD_OF_CRATES_IO if known else _INSTEAD)
        text += "" if auth_required else _FOR_TOOLS
    return text.format(
        key=registry_key(name), index_url=index_url, upstream=upstream, upstream_name=upstream_name
    )
