"""The plugin's tables. Pulp finds models by the names in this package, so all are imported here."""

from pulp_cargo.app.models.catalog import CatalogCrate, CatalogTag, CrateCatalog
from pulp_cargo.app.models.claims import ClaimedName, UsedVersion
from pulp_cargo.app.models.crate import CrateContent, CrateYank
from pulp_cargo.app.models.crate_policy import CargoCratePolicy, PolicyRefusal
from pulp_cargo.app.models.distribution import CargoDistribution
from pulp_cargo.app.models.downloads import CrateDownloads, DailyDownloads, VersionDownloads
from pulp_cargo.app.models.exporter import CargoExport, CargoExporter
from pulp_cargo.app.models.owner import CrateOwner
from pulp_cargo.app.models.remote import CargoRemote
from pulp_cargo.app.models.repository import CargoRepository
from pulp_cargo.app.models.snapshot import AcceptedSnapshot, RepositorySnapshot
from pulp_cargo.app.models.token import CargoToken
from pulp_cargo.app.models.upstream import (
    CargoUpstream,
    ReplacedVersion,
    UpstreamIndexFile,
    UpstreamSearch,
)
from pulp_cargo.app.models.version_label import VersionLabel

__all__ = [
    "AcceptedSnapshot",
    "CargoCratePolicy",
    "CargoDistribution",
    "CargoExport",
    "CargoExporter",
    "CargoRemote",
    "CargoRepository",
    "CargoToken",
    "CargoUpstream",
    "CatalogCrate",
    "CatalogTag",
    "ClaimedName",
    "CrateCatalog",
    "CrateContent",
    "CrateDownloads",
    "CrateOwner",
    "CrateYank",
    "DailyDownloads",
    "PolicyRefusal",
    "ReplacedVersion",
    "RepositorySnapshot",
    "UpstreamIndexFile",
    "UpstreamSearch",
    "UsedVersion",
    "VersionDownloads",
    "VersionLabel",
]
