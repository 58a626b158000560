"""The tasks that check the dependencies of a whole repository, and that promote crates."""

from collections.abc import Iterable
from typing import Any

from pulpcore.plugin.exceptions import ValidationError
from pulpcore.plugin.util import get_url

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.queries.crates.by_name import NamedVersion
from pulp_cargo.app.services.closure import check
from pulp_cargo.app.services.closure import promote as promotion
from pulp_cargo.app.services.closure.rendered import plan_json, report_json
from pulp_cargo.app.services.process import this_process
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.names import parse_crate_name
from pulp_cargo.protocol.semver import parse_version
from pulp_cargo.rules.closure import Scope


def check_dependencies(
    repository: str, all_features: bool, targets: Iterable[str] | None, **kwargs: Any
) -> dict[str, Any]:
    """Check every version of a repository, and return the report."""
    scope = Scope(all_features, None if targets is None else frozenset(targets))
    return report_json(check.check_all(CargoRepository.objects.get(pk=repository), scope))


def promote(
    source: str, target: str, crates: Iterable[tuple[str, str]], closure: bool, **kwargs: Any
) -> dict[str, Any]:
    """Promote crates, pairs of a name and a version, and return the plan that was carried out."""
    into = CargoRepository.objects.get(pk=target)
    try:
        done = promotion.promote(
            this_process().services.cache.advisories,
            CargoRepository.objects.get(pk=source),
            into,
            [NamedVersion(parse_crate_name(name), parse_version(vers)) for name, vers in crates],
            closure=closure,
        )
    except RegistryError as error:
        raise ValidationError(str(error)) from error
    made = done.version and f"{get_url(into)}versions/{done.version.number}/"
    return {**plan_json(done.plan), "repository_version": made}
