"""Exporters, which write a registry into a folder of the server, and their runs."""

from django.db import models

from pulpcore.plugin.models import Export, Exporter

from pulp_cargo.app.models.distribution import CargoDistribution


class CargoExporter(Exporter):
    """A folder, and the registry and the format that it is an export of."""

    TYPE = "cargo"

    path = models.TextField()
    format = models.TextField()
    dl = models.TextField(null=True)
    distribution = models.ForeignKey(CargoDistribution, on_delete=models.CASCADE)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"


class CargoExport(Export):
    """A run of an exporter; its `params` are what was exported, and how many crate versions."""

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
