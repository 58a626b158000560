"""Tokens of cargo; their secrets are stored as hashes only."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField, HStoreField
from django.db import models

from pulpcore.plugin.models import AutoAddObjPermsMixin, BaseModel
from pulpcore.plugin.util import get_domain_pk


class CargoToken(BaseModel, AutoAddObjPermsMixin):
    """What a token may do, for whom, and until when."""

    name = models.TextField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="cargo_tokens"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.TextField(), default=list)
    crate_patterns = ArrayField(models.TextField(), default=list)
    distribution = models.ForeignKey(
        "CargoDistribution", null=True, on_delete=models.CASCADE, related_name="tokens"
    )
    expires_at = models.DateTimeField(null=True)
    last_used = models.DateTimeField(null=True)
    pulp_labels = HStoreField(default=dict)
    pulp_domain = models.ForeignKey("core.Domain", default=get_domain_pk, on_delete=models.CASCADE)

    class Meta:
        unique_together = ("user", "name", "pulp_domain")
        permissions = [("manage_roles_cargotoken", "Can manage roles on Cargo tokens")]
