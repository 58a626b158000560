"""The registries of a domain that everybody may read and that are not hidden."""

from collections.abc import Sequence
from dataclasses import dataclass

from pulp_cargo.app.models import CargoDistribution
from pulp_cargo.app.models.distribution import root_url
from pulp_cargo.app.queries.registry.usable import PUBLIC


@dataclass(frozen=True, slots=True)
class PublicRegistry:
    """The name and the URL of a registry."""

    name: str
    url: str


def public_registries(domain: str, most: int) -> Sequence[PublicRegistry]:
    """Return the first `most` public registries of a domain, by name."""
    found = CargoDistribution.objects.filter(PUBLIC, hidden=False, pulp_domain__name=domain)
    names = found.order_by("name").values_list("name", "base_path")[:most]
    return [PublicRegistry(name, root_url(domain, base_path)) for name, base_path in names]
