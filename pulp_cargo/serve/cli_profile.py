"""A profile for the command line `pulp` in its settings file, unless there is one already.

pulp-cli reads `cli.toml` in its configuration directory: the table `[cli]` by default, and
`[cli-NAME]` with `--profile NAME`.
"""

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPException
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from threading import Thread
from urllib.request import Request, urlopen

from pulp_cargo.serve.state import ADMIN_USER
from pulp_cargo.serve.user_files import TomlFile

DEFAULT = "cli"
OWN = "pulp-cargo"


@dataclass(frozen=True, slots=True)
class Profile:
    """The profile that reaches this Pulp; `name` is empty for the default one."""

    name: str
    is_new: bool = False

    @property
    def options(self) -> str:
        """The options of `pulp` that choose it, with a space after them."""
        return f"--profile {self.name} " if self.name else ""


def settings_file(environ: Mapping[str, str]) -> Path:
    """Return pulp-cli's settings file, where click puts those of a program."""
    base = environ.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(os.path.expanduser(base)) / "pulp" / "cli.toml"


def provide(path: Path, base_url: str, password: str | None) -> Profile | None:
    """Return the profile for this Pulp, written if necessary; None if there is none.

    A profile that is there is never changed, except our own one for another or an older Pulp.
    """
    file = TomlFile(path)
    wanted: dict[str, str] = {"base_url": base_url, "username": ADMIN_USER}
    if password is not None:
        wanted["password"] = password
    for table, name in ((DEFAULT, ""), (f"{DEFAULT}-{OWN}", OWN)):
        there = file.get(table)
        if isinstance(there, dict) and wanted.items() <= there.items():
            return Profile(name)
    if password is None:
        return None
    name = OWN if file.get(DEFAULT) else ""
    for key, value in wanted.items():
        file.set((f"{DEFAULT}-{OWN}" if name else DEFAULT, key), value)
    file.save(has_secrets=True)
    return Profile(name, is_new=True)


def prepare_description(base_url: str) -> None:
    """Have the API make the description that `pulp` reads once, which takes it some seconds.

    Pulp keeps it in memory for requests with the same headers, so the first command need not wait.
    """
    url = f"{base_url}/pulp/api/v3/docs/api.json"
    request = Request(url, headers={"Accept": "application/json"})

    def read() -> None:
        # It is only about time, and `pulp` reports what is wrong.
        with suppress(OSError, HTTPException), urlopen(request, timeout=120) as answer:
            answer.read()

    Thread(target=read, name="description", daemon=True).start()


def command() -> str | None:
    """Return how to call `pulp` here, None if it has no `cargo` commands or is elsewhere."""
    program = Path(sys.executable).with_name("pulp")
    try:
        version("pulp-cli-cargo")
    except PackageNotFoundError:
        return None
    if not program.exists():
        return None
    if str(program.parent) in os.environ.get("PATH", "").split(os.pathsep):
        return program.name
    is_below = program.is_relative_to(Path.cwd())
    return str(program.relative_to(Path.cwd()) if is_below else program)
