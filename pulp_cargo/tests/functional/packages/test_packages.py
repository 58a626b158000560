"""`make dist`: packages that install without a clone, and what they start."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from pulp_cargo.tests.functional.serve.launcher import FREE_PORTS
from pulp_cargo.tests.unit.test_docs import ROOT

# It installs all dependencies from a package index, which takes minutes.
pytestmark = [pytest.mark.long, pytest.mark.real, pytest.mark.timeout(3600)]

NAMES = ("pulp_cargo", "pulp_cli_cargo", "pulp_glue_cargo")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A directory that PostgreSQL's account can get to."""
    made = Path(tempfile.mkdtemp(prefix="pulp-cargo-packages-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def dist(folder: Path) -> Path:
    """What `make dist` builds in a clone, in which there is nothing but what git knows."""
    clone = folder / "clone"
    known = subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True)
    for path in known.rstrip("\0").split("\0"):
        (clone / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, clone / path)
    # With the tools of this environment instead of a new one.
    tools = ("--old-file=.venv/.release", f"BIN={Path(sys.executable).parent}")
    subprocess.check_call(["make", *tools, "dist"], cwd=clone)
    return clone / "dist"


@pytest.fixture(scope="module")
def installed(folder: Path, dist: Path) -> Path:
    """The programs of an environment with the three wheels and all that they depend on."""
    venv.create(folder / "empty", with_pip=True)
    wheels = [str(wheel) for wheel in dist.glob("*.whl")]
    wheels = [f"{one}[embedded]" if "/pulp_cargo-" in one else one for one in wheels]
    programs = folder / "empty" / "bin"
    subprocess.check_call([programs / "pip", "install", "--quiet", *wheels])
    return programs


def test_there_is_a_wheel_and_an_sdist_of_each(dist: Path) -> None:
    """And nothing else."""
    for pattern in ("*.whl", "*.tar.gz"):
        assert sorted(path.name.partition("-")[0] for path in dist.glob(pattern)) == [*NAMES]
    assert len(list(dist.iterdir())) == 6


def test_registry_and_command_line_work_without_a_clone(folder: Path, installed: Path) -> None:
    """The pages and the account page have their templates, and `pulp cargo` has its commands."""
    environ = {"HOME": str(folder), "PATH": os.environ["PATH"]}
    serve = [installed / "pulp-cargo", "serve", "--json", f"--data-dir={folder / 'data'}"]
    with subprocess.Popen(
        [*serve, *FREE_PORTS], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline())
            page = ready["index_url"].removeprefix("sparse+")
            for url in (page, f"{ready['api_url']}/pulp/cargo-account/"):
                with urlopen(url, timeout=60) as response:
                    assert b"</html>" in response.read()
            secret = f"--password={ready['admin_password']}"
            pulp = [
                installed / "pulp",
                f"--base-url={ready['api_url']}",
                "--username=admin",
                secret,
            ]
            listing = subprocess.run(
                [*pulp, "cargo", "repository", "list"],
                cwd=folder,
                env=environ,
                capture_output=True,
                text=True,
            )
            names = {one["name"] for one in json.loads(listing.stdout)}
            assert names == {"my-crates", "crates-io"}
        finally:
            process.send_signal(signal.SIGTERM)


def test_sdists_install_too(dist: Path, installed: Path) -> None:
    """They have all that their wheels are built from."""
    pip = [installed / "pip", "install", "--quiet", "--no-deps", "--force-reinstall"]
    subprocess.check_call([*pip, *dist.glob("*.tar.gz")])
    subprocess.check_call([installed / "pulp-cargo", "serve", "--help"], stdout=subprocess.DEVNULL)
    subprocess.check_call([installed / "pulp", "cargo", "--help"], stdout=subprocess.DEVNULL)
