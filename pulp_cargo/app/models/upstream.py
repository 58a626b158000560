"""Lists of upstreams, and the cached index files of remotes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django_lifecycle import AFTER_SAVE, hook

from pulpcore.plugin.models import BaseModel

from pulp_cargo.app.models import content_responses
from pulp_cargo.app.models.distribution import CargoDistribution
from pulp_cargo.app.models.remote import CargoRemote
from pulp_cargo.app.models.repository import CargoRepository


class CargoUpstream(BaseModel):
    """One upstream in a distribution's ordered list: a repository, or a remote with its store.

    A repository without a remote claims the names of its crates if it is `private`. Neither can be
    deleted while it is in a list, since names would lose their claims unnoticed.
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

    @hook(AFTER_SAVE)
    def drop_content_responses(self) -> None:
        """Drop cached responses of paths that may be closed now."""
        content_responses.drop_after_commit()

    class Meta:
        default_related_name = "%(app_label)s_%(model_name)s"
        unique_together = (("distribution", "position"), ("distribution", "name"))
        ordering = ("position",)


class UpstreamIndexFile(models.Model):
    """A crate's index file of a remote, complete and as received.

    Versions whose bytes were replaced keep their old lines until the new bytes are accepted;
    `replaced` has the old and new checksums, by `vers`. `gone` has the lines of disappeared
    versions.

    `name` is in lower case, as in the index path; `gzipped` has the bytes, and is null for a crate
    that the upstream no longer has. A file that is not sound has a version twice, and is not served
    unchanged. `first_seen` has times by `vers`, for versions without a `pubtime`.
    """

    # Each upsert uses up an id, even if it inserts no row.
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
    """A version whose bytes an upstream has replaced, and when the new ones were accepted."""

    # Each insert uses up an id, even if it inserts no row.
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


class UpstreamSearch(models.Model):
    """When a search was last sent to an upstream, so that all processes together send few."""

    remote = models.OneToOneField(
        CargoRemote, primary_key=True, on_delete=models.CASCADE, related_name="search"
    )
    sent_at = models.DateTimeField()
