"""The tasks that yank, unyank and remove crate versions by their names."""

from collections.abc import Iterable
from typing import Any

from pulpcore.plugin.exceptions import ValidationError

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.queries.crates.by_name import NamedVersion
from pulp_cargo.app.services.publish import named_versions
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version


def set_yanked(repository: str, name: str, vers: str, yanked: bool, **kwargs: Any) -> None:
    """Yank or unyank a version of a crate."""
    unit = CargoRepository.objects.get(pk=repository)
    try:
        named_versions.set_yanked(unit, _named(name, vers), yanked=yanked)
    except RegistryError as error:
        raise ValidationError(str(error)) from error


def remove(repository: str, crates: Iterable[tuple[str, str]], **kwargs: Any) -> None:
    """Remove crate versions, pairs of a name and a version."""
    unit = CargoRepository.objects.get(pk=repository)
    try:
        named_versions.remove(unit, [_named(name, vers) for name, vers in crates])
    except RegistryError as error:
        raise ValidationError(str(error)) from error


def _named(name: str, vers: str) -> NamedVersion:
    return NamedVersion(parse_crate_name(name), parse_version(vers))
