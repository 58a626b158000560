"""Yanking, unyanking and removing crate versions, given by name and version, in a task.

All of them must exist, or nothing is changed. The task has locked the repository, so what it has
looked up remains valid.
"""

from collections.abc import Collection

from pulp_cargo.app.models import CargoRepository, CrateContent, CrateYank
from pulp_cargo.app.queries.crates import by_name
from pulp_cargo.app.queries.crates.by_name import NamedVersion
from pulp_cargo.app.services.crates import yank_marks


def set_yanked(repository: CargoRepository, wanted: NamedVersion, *, yanked: bool) -> None:
    """Yank or unyank a version; without a change there is no new repository version.

    Raises VersionsNotFound.
    """
    with repository.new_version() as new_version:
        by_name.units(repository.pk, [wanted])
        domain = repository.pulp_domain
        if yanked:
            marks = yank_marks.save_yanks([wanted.key], domain)
            new_version.add_content(CrateYank.objects.filter(pk__in=marks))
        else:
            name, vers = wanted.key
            new_version.remove_content(
                CrateYank.objects.filter(canonical_name=name, vers=vers, _pulp_domain=domain)
            )


def remove(repository: CargoRepository, wanted: Collection[NamedVersion]) -> None:
    """Remove crate versions with their yank marks, all in one version; raises VersionsNotFound."""
    with repository.new_version() as new_version:
        units = by_name.units(repository.pk, wanted)
        new_version.remove_content(CrateContent.objects.filter(pk__in=units))
