"""Imports from the folders of other registries: crates, yanks, times and owners.

The layouts are those of docs/dev/import-layouts.md, which says where each is documented.
"""

import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.errors import BadRequest
from pulp_cargo.protocol.paths import index_path
from pulp_cargo.tests.support.crate import Crate
from pulp_cargo.tests.support.importing import INDEX_LINE, commit, in_folder, kellnr_database

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.imports.run import Imported

# The second version is yanked; the third is in no index.
VERSIONS = ("1.0.0", "1.1.0", "1.2.0")
TIME = "2020-02-02T02:02:02Z"


class Registry:
    """A crate in some versions, to be written in the layout of another registry."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name
        self.files = {vers: Crate(name, vers).packed() for vers in VERSIONS}
        self.sums = {v: hashlib.sha256(file).hexdigest() for v, file in self.files.items()}

    @property
    def index(self) -> str:
        """The index file, without the last version."""
        return "".join(
            INDEX_LINE.format(name=self.name, vers=vers, cksum=self.sums[vers], yanked=yanked)
            for vers, yanked in (("1.0.0", "false"), ("1.1.0", "true"))
        )

    def write(self, path: Callable[[str], str], index: str | None = None) -> None:
        """Write the crates to paths by their versions, and the index into a folder."""
        in_folder(self.folder, {path(vers): file for vers, file in self.files.items()})
        if index is not None:
            in_folder(self.folder, {index + index_path(self.name): self.index})


def local_registry(made: Registry) -> None:
    made.write(lambda vers: f"{made.name}-{vers}.crate", "index/")


def static(made: Registry) -> None:
    made.write(lambda vers: f"crates/{made.name}/{vers}/download", "")
    in_folder(made.folder, {"config.json": '{"dl":"https://r.example/crates"}'})


def margo(made: Registry) -> None:
    prefix = index_path(made.name)
    made.write(lambda vers: f"crates/{prefix}/{vers}.crate", "")
    in_folder(made.folder, {"config.json": "{}", "margo-config.toml": "", "index.html": ""})


def cargo_http_registry(made: Registry) -> None:
    made.write(lambda vers: f"{made.name}-{vers}.crate", "")
    in_folder(made.folder, {"config.json": "{}"})
    commit(made.folder)


def ktra(made: Registry) -> None:
    made.write(lambda vers: f"crates/{made.name}/{vers}/download", "index/")
    commit(made.folder / "index")


def alexandrie(made: Registry) -> None:
    made.write(lambda vers: f"crate-storage/{made.name}-{vers}.crate", "crate-index/")
    commit(made.folder / "crate-index")
    # The registry has a clone; the repository itself is bare.
    (made.folder / "crate-index/.git").rename(made.folder / "origin.git")
    shutil.rmtree(made.folder / "crate-index")


def kellnr(made: Registry) -> None:
    made.write(lambda vers: f"crates/{made.name}-{vers}.crate")
    rows = [
        (made.name, vers, made.sums[vers], vers == "1.1.0", "2020-02-02 02:02:02")
        for vers in VERSIONS[:2]
    ]
    kellnr_database(made.folder / "db.sqlite", rows)


def gitea(made: Registry) -> None:
    def blob(vers: str) -> str:
        cksum = made.sums[vers]
        return f"data/packages/{cksum[:2]}/{cksum[2:4]}/{cksum}"

    made.write(blob, "index/")
    commit(made.folder / "index")
    bare = made.folder / "repositories/team/_cargo-index.git"
    bare.parent.mkdir(parents=True)
    (made.folder / "index/.git").rename(bare)
    shutil.rmtree(made.folder / "index")
    # Other kinds of packages are stored in the same folder.
    in_folder(made.folder, {f"data/packages/ab/cd/abcd{'0' * 60}": b"\x1f\x8b of npm"})


def artifactory(made: Registry) -> None:
    made.write(lambda vers: f"cargo-local/crates/{made.name}/{made.name}-{vers}.crate", "index/")


def pulp_rust(made: Registry) -> None:
    made.write(lambda vers: f"artifact/{made.sums[vers][:2]}/{made.sums[vers][2:]}", "saved/")


LAYOUTS: Iterable[Callable[[Registry], None]] = (
    local_registry,
    static,
    margo,
    cargo_http_registry,
    ktra,
    alexandrie,
    kellnr,
    gitea,
    artifactory,
    pulp_rust,
)


@pytest.fixture
def made(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A crate, to be written to a folder from which imports are allowed."""
    from pulp_cargo.app.services.imports import folder

    settings = SimpleNamespace(ALLOWED_IMPORT_PATHS=[str(tmp_path)])
    monkeypatch.setattr(folder, "settings", settings)
    (tmp_path / "task").mkdir()
    monkeypatch.chdir(tmp_path / "task")
    return Registry(tmp_path / "registry", name)


def bring(repository: "CargoRepository", made: Registry, **options: Any) -> "Imported":
    """Import the folder of a registry."""
    from pulp_cargo.app.runtime.free_space import FreeSpace
    from pulp_cargo.app.services.imports import run
    from pulp_cargo.app.services.imports.folder import folder_files

    asked = run.Asked("folder", 1000, **options)
    files = folder_files(str(made.folder))
    done = run.run(repository, files, asked, disk=FreeSpace(), counted=lambda files: files)
    repository.refresh_from_db()
    return done


def times(repository: "CargoRepository") -> dict[str, str | None]:
    """Return the times in the index lines of the repository's crates."""
    import json

    from pulp_cargo.app.models import CrateContent

    units = repository.latest_version().get_content(CrateContent.objects)
    return {unit.vers: json.loads(unit.index_line).get("pubtime") for unit in units}


def yanks(repository: "CargoRepository") -> set[str]:
    """Return the yanked versions of the repository."""
    from pulp_cargo.app.models import CrateYank

    marks = repository.latest_version().get_content(CrateYank.objects)
    return set(marks.values_list("vers", flat=True))


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.__name__)
def test_registry_comes_with_its_yanks_and_times(
    repository: "CargoRepository", made: Registry, layout: Callable[[Registry], None]
) -> None:
    """All in one version; again, nothing changes."""
    layout(made)
    done = bring(repository, made, strict=True)
    assert (done.added, done.there, done.yanked, done.without_file) == (3, 0, 1, 0)
    assert times(repository) == {"1.0.0": TIME, "1.1.0": TIME, "1.2.0": None}
    assert (yanks(repository), done.version and done.version.number) == ({"1.1.0"}, 1)
    again = bring(repository, made)
    assert (again.added, again.there, again.version) == (0, 3, None)
    # Files that the storage has already are deleted with the folder of the task.
    assert [one for one in Path().iterdir() if one.suffix != ".part"] == []


def test_yank_of_the_source_is_made_later_and_never_undone(
    repository: "CargoRepository", made: Registry
) -> None:
    """An import may be repeated until everybody has moved."""
    made.write(lambda vers: f"{made.name}-{vers}.crate")
    bring(repository, made)
    assert (yanks(repository), times(repository)["1.1.0"]) == (set(), None)
    local_registry(made)
    done = bring(repository, made)
    assert (done.added, done.yanked, yanks(repository)) == (0, 1, {"1.1.0"})
    index = made.folder / "index" / index_path(made.name)
    index.write_text(index.read_text().replace("true", "false"))
    assert bring(repository, made).version is None
    assert yanks(repository) == {"1.1.0"}


def test_time_counts_for_the_repository_of_the_import_only(
    new_repository: "Callable[..., CargoRepository]", made: Registry
) -> None:
    """It is the word of whoever imports, and other repositories have words of their own."""
    first, second = new_repository(), new_repository()
    local_registry(made)
    bring(first, made)
    index = made.folder / "index" / index_path(made.name)
    index.write_text(index.read_text().replace("2020-02-02", "2021-01-01"))
    bring(second, made)
    assert (times(first)["1.0.0"], times(second)["1.0.0"]) == (TIME, "2021-01-01T02:02:02Z")


def test_file_that_contradicts_its_index_is_refused(
    repository: "CargoRepository", made: Registry
) -> None:
    """The others come in, unless the import is strict."""
    local_registry(made)
    index = made.folder / "index" / index_path(made.name)
    index.write_text(index.read_text().replace(made.sums["1.0.0"], "0" * 64))
    with pytest.raises(BadRequest, match=r"in the folder: its SHA-256 is .*cargo would refuse it"):
        bring(repository, made, strict=True)
    assert repository.latest_version().number == 0
    done = bring(repository, made)
    assert (done.added, [one.path for one in done.refused]) == (2, [f"{made.name}-1.0.0.crate"])


def test_unpacked_crates_are_named_unless_their_files_are_there(
    repository: "CargoRepository", made: Registry
) -> None:
    """In the same folder, or in the repository."""
    made.write(lambda vers: f"cache/{made.name}-{vers}.crate")
    sums = {**made.sums, "9.0.0": "0" * 64}
    for vers, cksum in sums.items():
        path = f"vendor/{made.name}-{vers}/.cargo-checksum.json"
        in_folder(made.folder, {path: f'{{"files":{{}},"package":"{cksum}"}}'})
    for added in (3, 0):
        done = bring(repository, made)
        ((path, sentence),) = [(one.path, one.sentence) for one in done.refused]
        assert (done.added, path) == (added, f"vendor/{made.name}-9.0.0")
        assert "packing it again gives another file" in sentence
    shutil.rmtree(made.folder / "cache")
    (made.folder / f"vendor/{made.name}-9.0.0/.cargo-checksum.json").unlink()
    with pytest.raises(BadRequest, match=r"contains no \.crate files"):
        bring(repository, made)


def test_owners_come_with_the_crates_that_have_none(
    repository: "CargoRepository", made: Registry
) -> None:
    """Those who are users here, and only if they are asked for."""
    from django.contrib.auth import get_user_model

    from pulp_cargo.app.queries.owners import owners_of
    from pulp_cargo.protocol.names import canonical_name

    logins = [f"{word}-{secrets.token_hex(4)}" for word in ("alice", "gone", "bob")]
    users = [get_user_model().objects.create(username=one) for one in (logins[0], logins[2])]
    made.write(lambda vers: f"crates/{made.name}-{vers}.crate")
    owners = [(made.name, logins[0]), (made.name, logins[1]), ("other", logins[2])]
    kellnr_database(made.folder / "db.sqlite", [], owners=owners)
    canonical = canonical_name(made.name)
    assert (bring(repository, made).owners, owners_of(repository.pk, canonical)) == (0, [])
    assert bring(repository, made, owners=True).owners == 1
    assert [one.login for one in owners_of(repository.pk, canonical)] == [logins[0]]
    (made.folder / "db.sqlite").unlink()
    kellnr_database(made.folder / "db.sqlite", [], owners=[(made.name, logins[2])])
    assert bring(repository, made, owners=True).owners == 0
    for user in users:
        user.delete()


def test_number_of_statements_does_not_depend_on_the_number_of_yanks(
    repository: "CargoRepository", made: Registry, sent: list[str]
) -> None:
    """Nor on that of the lines in an index."""

    def counted(numbers: Iterable[int]) -> int:
        crates = {f"1.0.{n}": Crate(made.name, f"1.0.{n}").packed() for n in numbers}
        lines = "".join(
            INDEX_LINE.format(
                name=made.name, vers=vers, cksum=hashlib.sha256(file).hexdigest(), yanked="true"
            )
            for vers, file in crates.items()
        )
        shutil.rmtree(made.folder, ignore_errors=True)
        in_folder(made.folder, {f"{vers}.crate": file for vers, file in crates.items()})
        in_folder(made.folder, {index_path(made.name): lines})
        sent.clear()
        assert bring(repository, made).yanked == len(crates)
        return sum("pg_advisory_xact_lock" not in one for one in sent)

    counted([0])
    few, many = counted(range(1, 3)), counted(range(3, 33))
    # Files are stored one by one, and inserted together.
    assert many - few < 30
