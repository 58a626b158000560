"""Folders that the real cargo reads and writes, imported as another registry."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.support.cargo import Cargo
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.importing import INDEX_LINE, in_folder, packed_folder
from pulp_cargo.tests.support.rest import Refused
from pulp_cargo.tests.support.stack import Stack

pytestmark = pytest.mark.cargo

MANIFEST = (
    '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{} = "1"\n'
)
SOURCE = '[source.crates-io]\nreplace-with = "old"\n[source.old]\nlocal-registry = "../old"\n'


@pytest.fixture
def folder(tmp_path: Path, name: str) -> Path:
    """A local registry `old` with a yanked version, and a project `app` that cargo vendored from it."""
    index = ""
    for vers, yanked in (("1.0.0", "false"), ("1.1.0", "true")):
        file = Crate(name, vers, files={".gitignore": b"target\n", "src/lib.rs": b""}).packed()
        in_folder(tmp_path / "old", {f"{name}-{vers}.crate": file})
        cksum = hashlib.sha256(file).hexdigest()
        index += INDEX_LINE.format(name=name, vers=vers, cksum=cksum, yanked=yanked)
    in_folder(tmp_path / "old", {f"index/{name[:2]}/{name[2:4]}/{name}": index})
    app = {"Cargo.toml": MANIFEST.format(name), "src/lib.rs": "", ".cargo/config.toml": SOURCE}
    in_folder(tmp_path / "app", app)
    subprocess.run(
        ["cargo", "vendor", "--offline", "--respect-source-config"],
        cwd=tmp_path / "app",
        env=os.environ | {"CARGO_HOME": str(tmp_path / "vendor-home")},
        capture_output=True,
        check=True,
    )
    return tmp_path


def test_crates_of_a_local_registry_build_with_the_same_lock_file(
    stack: Stack, name: str, folder: Path
) -> None:
    """Cargo selects the version that is not yanked, and finds the same checksum for it.

    The crate that cargo has unpacked lacks a file of its `.crate` file, so it is refused unless that
    file comes as well.
    """
    registry = stack.make_registry()
    path = f"{registry.repository}import_crates/"
    vendored = folder / "app/vendor" / name
    assert (vendored / ".cargo-checksum.json").exists()
    assert not (vendored / ".gitignore").exists()
    unpacked = packed_folder(folder / "app/vendor", "vendor/")
    with pytest.raises(
        Refused, match=rf"`vendor/{name}` in the archive: `cargo vendor` has unpacked"
    ):
        stack.rest.call("POST", path, files={"file": ("vendor.tar", unpacked)})
    everything = packed_folder(folder)
    result = stack.rest.call("POST", path, files={"file": ("all.tar", everything)})["result"]
    assert (result["added"], result["yanked"], result["problems"]) == (2, 1, [])
    cargo = Cargo(folder / "home", {"r": registry}).configure()
    project = cargo.package(folder, "new", deps=[f'{name} = {{ version = "1", registry = "r" }}'])
    project.run("build")
    before = (folder / "app/Cargo.lock").read_text()
    ((source, cksum),) = [
        found for crate, found in project.locked().items() if crate == f"{name} 1.0.0"
    ]
    assert source == registry.index_url
    assert f'checksum = "{cksum}"' in before


def test_archive_of_nothing_but_other_files_is_refused(stack: Stack) -> None:
    """Whoever has given the wrong folder learns it."""
    registry = stack.make_registry()
    file = archive([("src/lib.rs", b"")])
    with pytest.raises(Refused, match=r"`src/lib\.rs` in the archive: it is not a \.crate file"):
        stack.rest.call(
            "POST", f"{registry.repository}import_crates/", files={"file": ("a.tar", file)}
        )
