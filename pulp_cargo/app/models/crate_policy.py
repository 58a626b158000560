"""Crate policies for upstream registries, and the record of what they refused."""

from django.contrib.postgres.fields import ArrayField, HStoreField
from django.db import models

from pulpcore.plugin.models import AutoAddObjPermsMixin, BaseModel
from pulpcore.plugin.util import get_domain_pk


class CargoCratePolicy(BaseModel, AutoAddObjPermsMixin):
    """The rules of one or more remotes and lists of upstreams (see `rules/policies/crate_policy`)."""

    name = models.TextField()
    cooldown_days = models.PositiveIntegerField(default=0)
    # Lists of objects with `crate`, `versions` and `reason`; exceptions also have `ends`.
    allow = models.JSONField(null=True)
    block = models.JSONField(default=list)
    exceptions = models.JSONField(default=list)
    licenses = ArrayField(models.TextField(), null=True)
    hide_yanked = models.BooleanField(default=False)
    dry_run = models.BooleanField(default=False)
    pulp_labels = HStoreField(default=dict)
    pulp_domain = models.ForeignKey("core.Domain", default=get_domain_pk, on_delete=models.CASCADE)

    class Meta:
        unique_together = ("name", "pulp_domain")
        permissions = [("manage_roles_cargocratepolicy", "Can manage roles on crate policies")]


class PolicyRefusal(models.Model):
    """A version that a policy refused, or would have in a dry run, and how often."""

    # Each upsert uses up an id, even if it inserts no row.
    id = models.BigAutoField(primary_key=True)
    policy = models.ForeignKey(CargoCratePolicy, on_delete=models.CASCADE, related_name="refusals")
    name = models.TextField()
    vers = models.TextField()
    rule = models.TextField()
    sentence = models.TextField()
    dry_run = models.BooleanField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    times = models.PositiveBigIntegerField(default=1)

    class Meta:
        # The model was named `HeldVersion` when the table was created.
        db_table = "cargo_heldversion"
        unique_together = ("policy", "name", "vers", "rule")
