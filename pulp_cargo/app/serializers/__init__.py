"""The fields of the REST API. Pulp finds serializers by the names in this package."""

from pulp_cargo.app.serializers.crate import CrateContentSerializer, CrateYankSerializer
from pulp_cargo.app.serializers.crate_policy import (
    CargoCratePolicySerializer,
    PolicyRefusalSerializer,
)
from pulp_cargo.app.serializers.crate_upload import CrateUploadSerializer
from pulp_cargo.app.serializers.distribution import (
    CargoConfigSerializer,
    CargoDistributionSerializer,
)
from pulp_cargo.app.serializers.exporter import CargoExporterSerializer, CargoExportSerializer
from pulp_cargo.app.serializers.import_crates import ImportCratesSerializer
from pulp_cargo.app.serializers.lock_file import (
    LockFileCheckSerializer,
    LockFileCheckTextSerializer,
    LockFileReportSerializer,
    LockFileSerializer,
    LockFileTextSerializer,
)
from pulp_cargo.app.serializers.modify import ModifyRepositorySerializer
from pulp_cargo.app.serializers.named_version import (
    NamedVersionSerializer,
    RemoveCratesSerializer,
)
from pulp_cargo.app.serializers.owner import (
    AddedOwnersSerializer,
    AddOwnersSerializer,
    CrateOwnerSerializer,
    RemovedOwnersSerializer,
    RemoveOwnersSerializer,
)
from pulp_cargo.app.serializers.past import (
    DiffSerializer,
    LabelSerializer,
    LabelVersionSerializer,
    VersionLabelSerializer,
)
from pulp_cargo.app.serializers.remote import CargoRemoteSerializer
from pulp_cargo.app.serializers.replaced_version import (
    AcceptReplacedVersionSerializer,
    ReplacedVersionSerializer,
)
from pulp_cargo.app.serializers.repository import CargoRepositorySerializer
from pulp_cargo.app.serializers.snapshot import ImportBundleSerializer, SnapshotSerializer
from pulp_cargo.app.serializers.sync import SyncSerializer
from pulp_cargo.app.serializers.token import CargoTokenSerializer, NewCargoTokenSerializer

__all__ = [
    "AcceptReplacedVersionSerializer",
    "AddOwnersSerializer",
    "AddedOwnersSerializer",
    "CargoConfigSerializer",
    "CargoCratePolicySerializer",
    "CargoDistributionSerializer",
    "CargoExportSerializer",
    "CargoExporterSerializer",
    "CargoRemoteSerializer",
    "CargoRepositorySerializer",
    "CargoTokenSerializer",
    "CrateContentSerializer",
    "CrateOwnerSerializer",
    "CrateUploadSerializer",
    "CrateYankSerializer",
    "DiffSerializer",
    "ImportBundleSerializer",
    "ImportCratesSerializer",
    "LabelSerializer",
    "LabelVersionSerializer",
    "LockFileCheckSerializer",
    "LockFileCheckTextSerializer",
    "LockFileReportSerializer",
    "LockFileSerializer",
    "LockFileTextSerializer",
    "ModifyRepositorySerializer",
    "NamedVersionSerializer",
    "NewCargoTokenSerializer",
    "PolicyRefusalSerializer",
    "RemoveCratesSerializer",
    "RemoveOwnersSerializer",
    "RemovedOwnersSerializer",
    "ReplacedVersionSerializer",
    "SnapshotSerializer",
    "SyncSerializer",
    "VersionLabelSerializer",
]
