"""The pulp-glue contexts of exporters, and of their runs."""

from typing import Any, ClassVar

from pulp_glue.cargo.base import CargoEntityContext
from pulp_glue.common.context import EntityDefinition


class PulpCargoExportContext(CargoEntityContext):
    """The runs of an exporter."""

    ENTITY = "run of a cargo exporter"
    ENTITIES = "runs of a cargo exporter"
    HREF = "cargo_cargo_export_href"
    HREF_PATTERN = r"exporters/(?P<plugin>cargo)/(?P<resource_type>cargo)/[-0-9a-f]+/exports/"
    ID_PREFIX = "exporters_cargo_cargo_exports"


class PulpCargoExporterContext(CargoEntityContext):
    """A registry, and a folder of the server into which Pulp writes it."""

    PLUGIN = "cargo"
    RESOURCE_TYPE = "cargo"
    MODEL = "cargoexporter"
    ENTITY = "cargo exporter"
    ENTITIES = "cargo exporters"
    HREF = "cargo_cargo_exporter_href"
    HREF_PATTERN = r"exporters/(?P<plugin>cargo)/(?P<resource_type>cargo)/"
    HREF_TEMPLATE = "exporters/cargo/cargo/{pulp_id}/"
    ID_PREFIX = "exporters_cargo_cargo"
    NULLABLES: ClassVar[set[str]] = {"dl"}

    def run(self) -> EntityDefinition:
        """Write what is new into the folder.

        Return how many versions the export has as `count`, how many files or commits were `added`,
        and the versions that could not be exported as `problems`.
        """
        runs = PulpCargoExportContext(self.pulp_ctx)
        done: dict[str, Any] = runs.call("create", parameters={self.HREF: self.pulp_href})
        return done
