"""How much memory an import of an archive takes."""

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def task_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory for the files of a task, which is where it runs."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def memory() -> Iterator[None]:
    """Has Python count its memory."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def with_readmes(name: str, count: int) -> bytes:
    """Return an archive of so many crates, each with a readme of a megabyte."""
    readme = b"x" * (MIB - 1)
    crates = [
        Crate(name, f"1.0.{n}", files={"README.md": readme}, package={"readme": "README.md"})
        for n in range(count)
    ]
    return archive([(f"{crate.vers}.crate", crate.packed()) for crate in crates])


def test_readmes_are_not_kept_in_memory(
    repository: "CargoRepository", name: str, memory: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither of all files that were examined, nor of all that are stored."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.runtime.free_space import FreeSpace
    from pulp_cargo.app.services.imports import import_crates
    from pulp_cargo.app.services.imports.collect import Source
    from pulp_cargo.app.services.imports.crate_archive import archive_files

    monkeypatch.setattr(import_crates, "BATCH", 2)
    file = io.BytesIO(with_readmes(name, 24))
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    source = Source(FreeSpace(), most_files=100)
    crates = source.crates(archive_files(file))
    found = list(import_crates.members(repository, source, crates))
    kept, _ = tracemalloc.get_traced_memory()
    assert len(found) == 24 and kept - before < 4 * MIB
    import_crates.add(repository, list(import_crates.compared(repository, found)))
    source.close()
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < 16 * MIB
    stored = CrateContent.objects.filter(name=name)
    assert {len(unit.readme or "") for unit in stored} == {MIB - 1}
    assert len({unit.pubtime for unit in stored}) == 1
    assert repository.latest_version().count("cargo.crate") == 24
