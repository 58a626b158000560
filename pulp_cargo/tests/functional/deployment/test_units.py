"""The units of the deployment guide say what the installed programs understand."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from pulp_cargo.serve.options import parse_options
from pulp_cargo.tests.functional.deployment.nginx import GUIDE
from pulp_cargo.tests.functional.deployment.units import UNITS, command, read
from pulp_cargo.tests.support import django_setup
from pulp_cargo.tests.support.stack import Stack

ALL = sorted(UNITS.glob("pulpcore-*.service"))
EMBEDDED = UNITS / "pulp-cargo.service"
EMBEDDED_GUIDE = GUIDE.with_name("embedded.md")
# The level of `systemd-analyze security`, from 0 to 100, that a unit may have at most.
MOST_EXPOSED = 20


@pytest.fixture(scope="module")
def told(stack: Stack) -> Mapping[str, str]:
    """What each program of a unit says to `--help`, by its name.

    They run in this process, since each would load Pulp by itself, which takes seconds.
    """
    django_setup.set_up(stack.data_dir / "settings.py")
    with pytest.MonkeyPatch.context() as environ:
        # They set the variable, which is not for what other tests start.
        environ.setenv("DJANGO_SETTINGS_MODULE", "pulpcore.app.settings")
        names = [Path(command(unit)[0]).name for unit in ALL]
        scripts = entry_points(group="console_scripts")
        helped = {name: CliRunner().invoke(scripts[name].load(), ["--help"]) for name in names}
    assert [one.exit_code for one in helped.values()] == [0, 0, 0]
    return {name: one.output for name, one in helped.items()}


def test_there_is_a_unit_for_each_kind_of_process() -> None:
    """The guide names them all."""
    assert f"../systemd/{EMBEDDED.name})" in EMBEDDED_GUIDE.read_text()
    names = [unit.name for unit in ALL]
    assert names == ["pulpcore-api.service", "pulpcore-content.service", "pulpcore-worker@.service"]
    assert all(f"../systemd/{name})" in GUIDE.read_text() for name in names)


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.stem)
def test_program_knows_the_options_of_its_unit(told: Mapping[str, str], unit: Path) -> None:
    """An option that is gone would keep the service from starting."""
    program, *arguments = command(unit)
    assert Path(program).exists()
    options = {argument for argument in arguments if argument.startswith("--")}
    assert options <= set(re.findall(r"--[a-z-]+", told[Path(program).name]))


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


# What a process of Pulp must not do, even if somebody takes it over.
HARDENING = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
    "UMask": "0077",
}


@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.stem)
def test_unit_gives_away_no_right_that_pulp_does_not_need(unit: Path) -> None:
    """Users, devices, the kernel and other processes are closed to it."""
    service = read(unit)["Service"]
    assert {option: service.get(option) for option in HARDENING} == HARDENING
    assert service["User"] == "pulp"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("unit", ALL, ids=lambda unit: unit.stem)
def test_systemd_knows_every_option(unit: Path, tmp_path: Path) -> None:
    """It ignores one that is misspelled."""
    copy = tmp_path / unit.name.replace("@", "@1")
    text = unit.read_text()
    # Neither the program nor the user is installed here.
    copy.write_text(re.sub(r"(?m)^(ExecStart)=.*$", r"\1=/bin/true", text))
    told = subprocess.run(["systemd-analyze", "verify", copy], capture_output=True, text=True)
    assert "Unknown" not in told.stderr and "Invalid" not in told.stderr, told.stderr


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


def test_launcher_knows_the_options_of_its_unit() -> None:
    """Its data are where the unit may write, and its secrets stay out of the journal."""
    _, *arguments = command(EMBEDDED)
    service = read(EMBEDDED)["Service"]
    assert parse_options(arguments).data_dir == Path("/var/lib") / service["StateDirectory"]
    assert service["StandardOutput"] == "null"


@pytest.mark.parametrize("unit", [*ALL, EMBEDDED], ids=lambda unit: unit.stem)
def test_unit_is_valid_and_hardened(unit: Path, tmp_path: Path) -> None:
    """systemd itself reads it, with programs that exist here."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze")
    copy = tmp_path / unit.name
    text = re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", unit.read_text(), flags=re.M)
    copy.write_text(text)
    verified = subprocess.run([analyze, "verify", copy], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    security = ("security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSED}")
    judged = subprocess.run([analyze, *security, copy], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stdout
