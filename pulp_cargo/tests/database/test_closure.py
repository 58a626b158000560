"""Checks whether the dependencies of a repository's crates resolve there."""

from typing import TYPE_CHECKING, Any

import pytest

from pulp_cargo.protocol.registry_url import CRATES_IO, CRATES_IO_SPARSE
from pulp_cargo.protocol.requirement import parse_requirement
from pulp_cargo.rules.closure import Root, Scope
from pulp_cargo.tests.database.dependencies import AddCrate, dependency

if TYPE_CHECKING:
    from pulp_cargo.app.models import CargoRepository
    from pulp_cargo.app.services.closure.check import Report
    from pulp_cargo.tests.database.upstreams import NewList, NewRemote, NewRepository

ELSEWHERE = "sparse+https://other.example/index/"


def check(repository: "CargoRepository", crate: str, **scope: Any) -> "Report":
    """Check what a crate needs, `name requirement`."""
    from pulp_cargo.app.services.closure.check import check_crates

    name, _, req = crate.partition(" ")
    roots = [Root(name, parse_requirement(req or "*"))]
    return check_crates(repository, roots, Scope(**({"all_features": False} | scope)))


def check_all(repository: "CargoRepository", **scope: Any) -> "Report":
    """Check a whole repository."""
    from pulp_cargo.app.services.closure.check import check_all

    return check_all(repository, Scope(**({"all_features": False} | scope)))


def unmet(report: "Report") -> list[str]:
    """Return what does not resolve, why, and who needs it first."""
    return sorted(
        f"{one.name} {one.req}: {one.reason.value}, {', '.join(map(str, one.needed_by))}"
        for one in report.unmet
    )


def test_a_complete_repository_passes(repository: "CargoRepository", add_crate: AddCrate) -> None:
    """The closure of a crate has what it needs; a check of all has everything."""
    add_crate(repository, "app 1.0.0", "lib ^1")
    add_crate(repository, "lib 1.0.0", dependency("tool *", kind="dev"))
    add_crate(repository, "other 1.0.0")
    for report, versions in ((check(repository, "app"), 2), (check_all(repository), 3)):
        assert report.passes and report.versions == versions
        assert not (report.unmet or report.without_file or report.elsewhere)


def test_what_does_not_resolve_is_named(repository: "CargoRepository", add_crate: AddCrate) -> None:
    """Whether all is checked, or what the two crates need."""
    add_crate(repository, "app 1.0.0", "gone ^1", "old ^2", "withdrawn ^1", "lib_x ^1")
    add_crate(repository, "app 1.1.0", "gone ^1", dependency("there ^1", registry=ELSEWHERE))
    add_crate(repository, "old 1.0.0")
    add_crate(repository, "withdrawn 1.0.0", "never ^1", yanked=True)
    add_crate(repository, "lib-x 1.0.0")
    first = check(repository, "app =1.0.0")
    assert unmet(first) == [
        "gone ^1: no-crate, app 1.0.0",
        "lib_x ^1: no-crate, app 1.0.0",
        "old ^2: no-version, app 1.0.0",
        "withdrawn ^1: only-yanked, app 1.0.0",
    ]
    assert (first.versions, first.passes, first.unmet_count) == (1, False, 4)
    whole = check_all(repository)
    assert [one.split(": ")[0] for one in unmet(whole)] == [
        "gone ^1",
        "lib_x ^1",
        "old ^2",
        "withdrawn ^1",
    ]
    dependents = {one.name: one.dependents for one in whole.unmet}
    assert dependents == {"gone": 2, "lib_x": 1, "old": 1, "withdrawn": 1}
    elsewhere = [(one.registry, one.name, one.dependents) for one in whole.elsewhere]
    assert elsewhere == [(ELSEWHERE, "there", 1)]
    assert whole.versions == 5


@pytest.mark.parametrize("allow_uploads", [False, True])
def test_mirror_of_crates_io_is_checked_in_its_place(
    new_repository: "NewRepository",
    add_crate: AddCrate,
    new_remote: "NewRemote",
    new_distribution: "NewList",
    allow_uploads: bool,
) -> None:
    """Its lines name crates.io, but cargo uses it instead; not if people publish there."""
    repository = new_repository(remote=new_remote(CRATES_IO_SPARSE))
    new_distribution(repository=repository, allow_uploads=allow_uploads)
    needs = (dependency(one, registry=CRATES_IO) for one in ("lib ^1", "gone ^1"))
    add_crate(repository, "app 1.0.0", *needs, registries=[CRATES_IO])
    add_crate(repository, "lib 1.0.0")
    for report, versions in ((check(repository, "app"), 2), (check_all(repository), 2)):
        if allow_uploads:
            assert report.passes and report.elsewhere_count == 2
            continue
        assert unmet(report) == ["gone ^1: no-crate, app 1.0.0"]
        assert (report.versions, report.elsewhere_count) == (versions, 0)


def test_optional_dependencies_and_targets_may_be_left_out(
    repository: "CargoRepository", add_crate: AddCrate
) -> None:
    """As they are by default for a whole repository, whose features nobody has chosen."""
    windows, linux = "x86_64-pc-windows-msvc", "x86_64-unknown-linux-gnu"
    add_crate(
        repository,
        "app 1.0.0",
        dependency("extra ^1", optional=True),
        dependency("winapi ^0.3", target=windows),
    )
    on_linux = {"targets": frozenset([linux])}
    assert unmet(check_all(repository)) == ["winapi ^0.3: no-crate, app 1.0.0"]
    assert check_all(repository, **on_linux).passes
    assert [one.name for one in check_all(repository, all_features=True).unmet] == [
        "extra",
        "winapi",
    ]
    # A feature of the crate enables the dependency.
    assert unmet(check(repository, "app", **on_linux)) == ["extra ^1: no-crate, app 1.0.0"]


def test_missing_files_are_named(repository: "CargoRepository", add_crate: AddCrate) -> None:
    """A file that an upstream has is not missing; yanked versions need theirs, too."""
    add_crate(repository, "app 1.0.0", has_file=False)
    add_crate(repository, "lib 1.0.0", has_file=False, yanked=True)
    add_crate(repository, "there 1.0.0")
    report = check_all(repository)
    assert sorted(one.name for one in report.without_file) == ["app", "lib"]
    assert not report.passes and not report.unmet
    assert [one.name for one in check(repository, "app").without_file] == ["app"]


def test_refused_versions_do_not_count(
    repository: "CargoRepository",
    add_crate: AddCrate,
    made: list[Any],
    new_distribution: "NewList",
    new_remote: "NewRemote",
) -> None:
    """The policy of the cache that fills the repository decides, as for reads."""
    from pulp_cargo.app.models import CargoCratePolicy

    policy = CargoCratePolicy.objects.create(
        name=f"closure-{repository.name}",
        block=[{"crate": "lib", "versions": "*", "reason": "It leaks"}],
    )
    made.append(policy)
    new_distribution(repository=repository, remote=new_remote(), crate_policy=policy)
    add_crate(repository, "app 1.0.0", "lib ^1")
    add_crate(repository, "lib 1.0.0")
    for report in (check(repository, "app"), check_all(repository)):
        assert unmet(report) == ["lib ^1: refused, app 1.0.0"]
        assert report.versions == 1


def test_pages_of_a_whole_repository_have_everything(
    repository: "CargoRepository", add_crate: AddCrate, monkeypatch: Any
) -> None:
    """Marks are in the pages, too."""
    from pulp_cargo.app.queries.crates import stored_lines
    from pulp_cargo.app.queries.registry.registry import urls_within

    monkeypatch.setattr(stored_lines, "PAGE", 2)
    monkeypatch.setattr(stored_lines, "ALL", stored_lines.ALL.replace("LIMIT 2000", "LIMIT 2"))
    for number in range(5):
        add_crate(repository, f"crate-{number} 1.0.0", yanked=number % 2 == 0)
    found = list(stored_lines.all_versions(repository.pk, urls_within(repository)))
    assert sorted((one.name, one.yanked) for one in found) == [
        (f"crate-{number}", number % 2 == 0) for number in range(5)
    ]
