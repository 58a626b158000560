"""The units of the deployment guide say what the installed programs understand."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.deployment.nginx import GUIDE
from pulp_cargo.tests.functional.deployment.units import UNITS, command, read
from pulp_cargo.tests.support.stack import Stack

ALL = sorted(UNITS.glob("*.service"))


def test_there_is_a_unit_for_each_kind_of_process() -> None:
    """The guide names them all."""
    names = [unit.name for unit in ALL]
    assert names == ["pulpcore-api.service", "pulpcore-content.service", "pulpcore-worker@.service"]
    assert all(f"../systemd/{name})" in GUIDE.read_text() for name in names)


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.stem)
def test_program_knows_the_options_of_its_unit(stack: Stack, unit: Path) -> None:
    """An option that is gone would keep the service from starting."""
    program, *arguments = command(unit)
    environ = {**os.environ, "PULP_SETTINGS": str(stack.data_dir / "settings.py")}
    told = subprocess.run([program, "--help"], env=environ, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    options = {argument for argument in arguments if argument.startswith("--")}
    assert options <= set(re.findall(r"--[a-z-]+", told.stdout))


def test_nginx_and_the_servers_agree_on_addresses() -> None:
    """Each upstream of the site is where a unit listens."""
    bound = {arguments[arguments.index("--bind") + 1] for arguments in map(command, ALL[:2])}
    assert set(re.findall(r"server (127\.0\.0\.1:\d+);", GUIDE.read_text())) == bound


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.stem)
def test_unit_may_write_where_the_settings_of_the_guide_put_files(unit: Path) -> None:
    """Everything else is closed to it."""
    service = read(unit)["Service"]
    assert service["ProtectSystem"] == "strict"
    folders = re.findall(r'^(?:\w+_ROOT|\w+_DIR\w*) = "(.+)"$', GUIDE.read_text(), re.MULTILINE)
    assert len(folders) == 4
    assert all(Path(service["ReadWritePaths"]) in Path(folder).parents for folder in folders)


def test_statements_of_requests_end_and_those_of_tasks_do_not(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL hears it of the content app's connections, and of no others."""
    limits = {}
    for unit in ALL:
        settings = shlex.split(read(unit)["Service"]["Environment"])
        environ = dict(setting.split("=", 1) for setting in settings)
        assert environ["PULP_SETTINGS"] == "/etc/pulp/settings.py"
        monkeypatch.setenv("PGOPTIONS", environ.get("PGOPTIONS", ""))
        with stack.connect() as connection:
            (limits[unit.stem],) = connection.execute("SHOW statement_timeout").fetchone()
    assert limits == {"pulpcore-api": "0", "pulpcore-content": "30s", "pulpcore-worker@": "0"}
