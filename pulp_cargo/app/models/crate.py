"""Crate versions and yank marks, both immutable content units."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from pulpcore.plugin.models import Content
from pulpcore.plugin.util import get_domain_pk

from pulp_cargo.rules.metadata_source import FILE, NO_TIME


class CrateContent(Content):
    """A version of a crate: its index line, searchable metadata, and its .crate file."""

    TYPE = "crate"
    repo_key_fields = ("canonical_name", "vers")

    name = models.TextField()
    canonical_name = models.TextField()
    vers = models.TextField()
    # The version without build metadata, which can be published once (models/invariants).
    vers_key = models.TextField()
    cksum = models.CharField(max_length=64)
    pubtime = models.DateTimeField()
    # The source of the metadata, empty if they are from the file (rules/metadata_source).
    metadata_source = models.CharField(max_length=64, default=FILE)
    # The source of the time in the index line, empty if it has none or is not from the file anyway.
    time_source = models.CharField(max_length=64, default=NO_TIME)
    # The line as served, not yanked, with absolute registry URLs of dependencies.
    index_line = models.TextField()
    # The real names of dependencies, and their registries other than crates.io.
    dependency_names = ArrayField(models.TextField(), default=list)
    registries = ArrayField(models.TextField(), default=list)

    links = models.TextField(null=True)
    rust_version = models.TextField(null=True)
    edition = models.TextField(null=True)
    description = models.TextField(null=True)
    license = models.TextField(null=True)
    license_file = models.TextField(null=True)
    keywords = ArrayField(models.TextField(), default=list)
    categories = ArrayField(models.TextField(), default=list)
    authors = ArrayField(models.TextField(), default=list)
    homepage = models.TextField(null=True)
    documentation = models.TextField(null=True)
    repository_url = models.TextField(null=True)
    readme = models.TextField(null=True)

    _pulp_domain = models.ForeignKey("core.Domain", default=get_domain_pk, on_delete=models.PROTECT)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        unique_together = (
            "name",
            "vers",
            "cksum",
            "metadata_source",
            "time_source",
            "_pulp_domain",
        )
        indexes = [
            models.Index(fields=["canonical_name", "vers_key"], name="cargo_crate_canonical"),
            models.Index(fields=["cksum"], name="cargo_crate_cksum"),
            GinIndex(fields=["dependency_names"], name="cargo_crate_dependencies"),
        ]

    @property
    def is_read(self) -> bool:
        """Whether this Pulp has read the metadata from the .crate file."""
        return self.metadata_source == FILE

    @property
    def relative_path(self) -> str:
        """The file's path below a registry's root, as Pulp's generic tools show it."""
        return f"{self.name}/{self.name}-{self.vers}.crate"


class CrateYank(Content):
    """The mark that a crate version is yanked, in repository versions that contain the mark."""

    TYPE = "yank"
    repo_key_fields = ("canonical_name", "vers")

    canonical_name = models.TextField()
    # The exact version, with build metadata.
    vers = models.TextField()

    _pulp_domain = models.ForeignKey("core.Domain", default=get_domain_pk, on_delete=models.PROTECT)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        unique_together = ("canonical_name", "vers", "_pulp_domain")
