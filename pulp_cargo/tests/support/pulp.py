"""Runs `pulp` in this process, since starting a new one takes a second."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from pulp_cli import main

from pulp_cargo.tests.support import glue

glue.hurry()


class PulpFailed(Exception):
    """The error output of a failed `pulp`, without messages about tasks."""

    def __init__(self, status: int, said: str, stdout: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.stdout = stdout


@dataclass(frozen=True, slots=True)
class Done:
    """The output of `pulp`."""

    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Pulp:
    """The command line with the configuration of a user; `home` has its files."""

    home: Path
    base_url: str = "http://127.0.0.1:9"
    auth: tuple[str, str] = ("admin", "password")

    def run(self, *arguments: str) -> Done:
        """Run a command; raises PulpFailed."""
        username, password = self.auth
        options = ("--base-url", self.base_url, "--username", username, "--password", password)
        config = self.home / "cli.toml"
        config.write_text("[cli]\n")
        environ = {"HOME": str(self.home), "XDG_CACHE_HOME": str(self.home), "CARGO_HOME": None}
        done = CliRunner(env=environ).invoke(
            main, ["--config", str(config), *options, *arguments], prog_name="pulp"
        )
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        if done.exit_code:
            raise PulpFailed(done.exit_code, done.stderr, done.stdout)
        return Done(done.stdout, done.stderr)

    def cargo(self, *arguments: str) -> Any:
        """Run a command of `pulp cargo` and return its parsed output, if any."""
        printed = self.run("cargo", *arguments).stdout
        return json.loads(printed) if printed else None
