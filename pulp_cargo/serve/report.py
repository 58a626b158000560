"""The output of the launcher when the registry is ready, for scripts or for people."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from pulp_cargo.serve.cargo_files import CargoFiles
from pulp_cargo.serve.ready import Ready
from pulp_cargo.serve.state import ADMIN_USER, CACHE_KEY, REGISTRY_NAME
from pulp_cargo.serve.terminal import PLAIN, Style
from pulp_cargo.serve.user_files import short

# The width of the first column.
_COLUMN = 14


@dataclass(frozen=True, slots=True)
class Setup:
    """How far the programs of the user are set up.

    `pulp` is the command that lists the repositories, None if it is not installed.
    """

    files: CargoFiles
    is_cargo_set_up: bool = False
    pulp: str | None = None


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
            "data_dir": str(ready.data_dir),
        }
    )


def for_people(ready: Ready, setup: Setup, style: Style = PLAIN) -> str:
    """Return what to do next: 23 lines, so that a terminal of 24 also shows the offer below them."""
    cargo = _cargo_is_set_up(setup) if setup.is_cargo_set_up else _to_paste(ready, setup, style)
    parts = (_registries(ready, style), cargo, _further(ready, setup, style))
    return "\n".join(parts).removesuffix("\n")


def _registries(ready: Ready, style: Style) -> str:
    if ready.index_url is None:
        text = (
            f"The first registry, {REGISTRY_NAME}, was deleted. All other registries are served.\n"
        )
    else:
        text = _row(REGISTRY_NAME, f"a private registry: {_page(ready.index_url)}", style.good)
    if ready.cache_index_url is not None:
        url = _page(ready.cache_index_url)
        text += _row("crates-io", f"a cache of crates.io: {url}", style.good)
    return text


def _page(index_url: str) -> str:
    return index_url.removeprefix("sparse+")


def _cargo_is_set_up(setup: Setup) -> str:
    return f"Cargo is set up to use them, in {short(setup.files.config)}.\n"


def _to_paste(ready: Ready, setup: Setup, style: Style) -> str:
    """Return the lines for cargo's files; a table must not be in a file twice."""
    config = credentials = ""
    if ready.index_url is not None:
        config += f"""\
    [registries.{REGISTRY_NAME}]
    index = "{ready.index_url}"
    credential-provider = "cargo:token"
"""
        credentials = f"""\
    [registries.{REGISTRY_NAME}]
    token = "{ready.token or "a token of the account page"}"
"""
    if ready.cache_index_url is not None:
        config += f"""\
    [registries.{CACHE_KEY}]
    index = "{ready.cache_index_url}"
    [source.crates-io]
    replace-with = "{CACHE_KEY}"
    [source.{CACHE_KEY}]
    registry = "{ready.cache_index_url}"
"""
    files = {setup.files.config: config, setup.files.credentials: credentials}
    return "".join(
        f"{style.strong(f'Add to {short(path)}:')}\n{lines}"
        for path, lines in files.items()
        if lines
    )


def _further(ready: Ready, setup: Setup, style: Style) -> str:
    rows = {
        "Next": f"cargo publish --registry {REGISTRY_NAME}, in the folder of a crate"
        if ready.index_url
        else "",
        "Command line": setup.pulp,
        "Tokens": f"{ready.api_url}/pulp/cargo-account/",
        "Sign in": f"user {ADMIN_USER}, {_password(ready)}",
        "Logs": short(ready.data_dir / "logs"),
        "Stop": "Ctrl-C; the next start continues with the same data",
    }
    return "".join(_row(name, text, style.strong) for name, text in rows.items() if text)


def _row(name: str, text: str, shown: Callable[[str], str]) -> str:
    return f"{shown(name.ljust(_COLUMN))}{text}\n"


def _password(ready: Ready) -> str:
    if ready.admin_password is None:
        return "with the existing password in the database"
    return f"password {ready.admin_password}"
