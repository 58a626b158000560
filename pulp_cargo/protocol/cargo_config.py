"""What a person puts into cargo's `config.toml` to use a registry (Cargo Book, "Configuration")."""

import re

from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE, same_registry

_NO_KEY = re.compile(r"[^A-Za-z0-9_-]+")

_REGISTRY = """\
# For ~/.cargo/config.toml, or .cargo/config.toml in a project.
[registries.{key}]
index = "{index_url}"
"""
# Without this cargo refuses to send a token with what it reads (Cargo Book, "Registry
# Authentication").
_PRIVATE = """
# This registry asks for a token. Edit a [registry] table that is there already, then run:
#     cargo login --registry {key}
[registry]
global-credential-providers = ["cargo:token"]
"""
_INSTEAD_OF_CRATES_IO = """
# Crates of crates.io come through this registry.
[source.crates-io]
replace-with = "{key}"
"""
_INSTEAD = """
# Crates of the upstream registry come through this one.
[source.{key}-upstream]
registry = "{upstream}"
replace-with = "{key}"
"""


def registry_key(name: str) -> str:
    """Return a name by which cargo can know a registry: letters, digits, `-` and `_`.

    >>> registry_key("my crates"), registry_key("team/a"), registry_key("…")
    ('my-crates', 'team-a', 'registry')
    """
    key = _NO_KEY.sub("-", name).strip("-") or "registry"
    # cargo has that name for crates.io itself, and would replace it with itself.
    return f"pulp-{key}" if key == "crates-io" else key


def render_cargo_config(
    name: str, index_url: str, *, auth_required: bool, upstream: str | None
) -> str:
    """Return the lines for a registry of that name; `upstream` is the one that it stands in for.

    >>> print(render_cargo_config("team", "sparse+https://r.example/team/",
    ...     auth_required=False, upstream=None), end="")
    # For ~/.cargo/config.toml, or .cargo/config.toml in a project.
    [registries.team]
    index = "sparse+https://r.example/team/"
    """
    text = _REGISTRY
    if upstream is not None:
        is_crates_io = any(same_registry(upstream, url) for url in (CRATES_IO, CRATES_IO_SPARSE))
        text += _INSTEAD_OF_CRATES_IO if is_crates_io else _INSTEAD
    if auth_required:
        text += _PRIVATE
    return text.format(key=registry_key(name), index_url=index_url, upstream=upstream)
