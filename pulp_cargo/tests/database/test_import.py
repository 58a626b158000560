"""What an import of an archive takes: how much of it, and how much memory for it."""

import gzip
import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.tests.functional.rest.archives import archive
from pulp_cargo.tests.support.crate import Crate

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository

MIB = 1024 * 1024
DOCS = Path(__file__).parents[3] / "docs"


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
    """Neither of all files that were judged, nor of all that are stored."""
    from pulp_cargo.app.models import CrateContent
    from pulp_cargo.app.services import import_crates

    monkeypatch.setattr(import_crates, "BATCH", 2)
    file = io.BytesIO(with_readmes(name, 24))
    tracemalloc.reset_peak()
    before, _ = tracemalloc.get_traced_memory()
    found = list(import_crates.members(repository, file))
    kept, _ = tracemalloc.get_traced_memory()
    assert len(found) == 24 and kept - before < 4 * MIB
    import_crates.add(repository, import_crates.fresh(repository, found))
    _, peak = tracemalloc.get_traced_memory()
    assert peak - before < 16 * MIB
    stored = CrateContent.objects.filter(name=name)
    assert {len(unit.readme or "") for unit in stored} == {MIB - 1}
    assert len({unit.pubtime for unit in stored}) == 1
    assert repository.latest_version().count("cargo.crate") == 24


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_archive_has_a_limit(packed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the bytes that it unpacks to, which the sentence names."""
    from pulp_cargo.app.services import crate_archive

    def read(size: int) -> int:
        file = archive([("a.crate", bytes(size))])
        stream = io.BytesIO(gzip.compress(file) if packed else file)
        return len(list(crate_archive.crate_files(stream, max_bytes=MIB)))

    # What tarfile writes has a multiple of 10,240 bytes.
    monkeypatch.setattr(crate_archive, "MOST_BYTES", 20_480)
    assert read(5_000) == 1
    with pytest.raises(BadRequest, match=r"archive .* 20480"):
        read(15_000)


def test_documents_name_the_limits() -> None:
    """Who has more has to know before the upload."""
    from pulp_cargo.app.services import crate_archive

    assert (crate_archive.MOST_FILES, crate_archive.MOST_BYTES) == (10_000, 8 * 1024**3)
    guide = (DOCS / "user" / "guides" / "import.md").read_text()
    assert "More than 10,000 files" in guide and "unpack to 8 GiB or more" in guide
    settings = (DOCS / "admin" / "reference" / "settings.md").read_text()
    assert "10,000 files, and they must unpack to less than 8 GiB" in settings
