"""The REST API. Pulp finds viewsets by the names in this package."""

from pulp_cargo.app.viewsets.crate import CrateContentViewSet, CrateYankViewSet
from pulp_cargo.app.viewsets.crate_policy import CargoCratePolicyViewSet
from pulp_cargo.app.viewsets.distribution import CargoDistributionViewSet
from pulp_cargo.app.viewsets.exporter import CargoExporterViewSet, CargoExportViewSet
from pulp_cargo.app.viewsets.remote import CargoRemoteViewSet
from pulp_cargo.app.viewsets.repository import (
    CargoRepositoryVersionViewSet,
    CargoRepositoryViewSet,
)
from pulp_cargo.app.viewsets.token import CargoTokenViewSet

__all__ = [
    "CargoCratePolicyViewSet",
    "CargoDistributionViewSet",
    "CargoExportViewSet",
    "CargoExporterViewSet",
    "CargoRemoteViewSet",
    "CargoRepositoryVersionViewSet",
    "CargoRepositoryViewSet",
    "CargoTokenViewSet",
    "CrateContentViewSet",
    "CrateYankViewSet",
]
