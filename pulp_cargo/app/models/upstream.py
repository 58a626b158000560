"""What a registry has from others: its list of upstreams, and their index files as they came."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from pulpcore.plugin.models import BaseModel

from pulp_cargo.app.models.distribution import CargoDistribution
from pulp_cargo.app.models.remote import CargoRemote
from pulp_cargo.app.models.repository import CargoRepository


class CargoUpstream(BaseModel):
    """One upstream in a distribution's ordered list: a repository, or a remote with its store.

    A repository without a remote claims the names of its crates if it is `private`. Neither goes
    away while a list has it: names would lose their claims without anybody noticing.
    """

    distribution = models.ForeignKey(
        CargoDistribution, on_delete=models.CASCADE, related_name="upstreams"
    )
    position = models.PositiveIntegerField()
    name = models.TextField()
    repository = models.ForeignKey(CargoRepository, null=True, on_delete=models.PROTECT)
    remote = models.ForeignKey(CargoRemote, null=True, on_delete=models.PROTECT)
    patterns = ArrayField(models.TextField(), default=list)
    pins = ArrayField(models.TextField(), default=list)
    private = models.BooleanField(default=False)

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        unique_together = (("distribution", "position"), ("distribution", "name"))
        ordering = ("position",)


class UpstreamIndexFile(models.Model):
    """A crate's index file of a remote, whole and as it was fetched.

    But for versions whose bytes were replaced: until that is accepted their lines stay as they were,
    and `replaced` has the checksums before and now, by `vers`. `gone` has the lines of versions that
    it had once.

    `name` is in lower case, as the index path has it; `gzipped` holds the bytes, and is null for a
    crate that the upstream does not have any more. One that is not sound has a version twice, and is
    not served as it is. `first_seen` has times by `vers`, for versions
    without a `pubtime`.
    """

    # Each upsert spends an id, whether it makes a row or not.
    id = models.BigAutoField(primary_key=True)
    remote = models.ForeignKey(CargoRemote, on_delete=models.CASCADE, related_name="index_files")
    name = models.TextField()
    canonical_name = models.TextField()
    gzipped = models.BinaryField(null=True)
    digest = models.CharField(max_length=64)
    is_sound = models.BooleanField(default=True)
    etag = models.TextField(null=True)
    last_modified = models.TextField(null=True)
    checked_at = models.DateTimeField()
    first_seen = models.JSONField(default=dict)
    gone = models.JSONField(default=dict)
    replaced = models.JSONField(default=dict)

    class Meta:
        unique_together = ("remote", "name")
        indexes = [models.Index(fields=["canonical_name"], name="cargo_upstream_canonical")]


class ReplacedVersion(models.Model):
    """A version whose bytes an upstream has replaced, and when somebody accepted the new ones."""

    # Each insert spends an id, whether it makes a row or not.
    id = models.BigAutoField(primary_key=True)
    remote = models.ForeignKey(
        CargoRemote, on_delete=models.CASCADE, related_name="replaced_versions"
    )
    name = models.TextField()
    vers = models.TextField()
    cksum_before = models.CharField(max_length=64)
    cksum = models.CharField(max_length=64)
    found_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        unique_together = ("remote", "name", "vers", "cksum")
