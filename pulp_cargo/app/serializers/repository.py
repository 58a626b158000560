"""Repositories of crates in the REST API."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Remote
from pulpcore.plugin.util import get_current_authenticated_user

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_forbidden, refused_as_invalid
from pulp_cargo.app.serializers.snapshot_keys import SnapshotKeysField
from pulp_cargo.app.serializers.visible import SigningServiceField, VisibleDetailField
from pulp_cargo.app.services.repository_use import require_modifiable
from pulp_cargo.protocol.registry_url import parse_registry_url

MOST_VERSIONS = 1_000_000


def default_retention() -> int | None:
    """Return the default `retain_repo_versions` of new repositories."""
    return settings.CARGO_RETAIN_REPO_VERSIONS


class CargoRepositorySerializer(DocumentedFields, core.RepositorySerializer):
    """Shows and creates repositories."""

    retain_repo_versions = serializers.IntegerField(
        allow_null=True,
        default=default_retention,
        min_value=1,
        max_value=MOST_VERSIONS,
        help_text="How many versions of the repository are retained. Older versions are removed"
        " in the background, unless a distribution serves them. Each publish creates a"
        " version, and each version takes space for the list of its content. Null retains all"
        " versions. The default is the setting `CARGO_RETAIN_REPO_VERSIONS`.",
    )
    crates_io_rules = serializers.BooleanField(
        default=bool,
        help_text="Whether published crates must also follow the rules of crates.io, for example"
        " have a description and a licence. By default, cargo only shows warnings.",
    )
    crate_owners = serializers.BooleanField(
        default=bool,
        help_text="Whether crates have owners. The first publisher of a crate owns it. Only its"
        " owners, and users who may modify the repository, may publish further versions,"
        " yank, and change its owners. By default, everyone who may publish to the registry"
        " may publish and yank every crate.",
    )
    remote = VisibleDetailField(
        required=False,
        allow_null=True,
        view_name_pattern=r"remotes(-.*/.*)-detail",
        queryset=Remote.objects.all(),
        help_text="The remote to sync from by default; null for none.",
    )
    index_aliases = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Additional index URLs of the registries that serve this repository, as in"
        " cargo's configuration. Dependencies with these URLs are dependencies on crates in"
        " the same registry.",
    )

    signing_service = SigningServiceField(
        help_text="The signing service that signs snapshots of the repository's versions.",
    )
    snapshot_keys = SnapshotKeysField(
        help_text="OpenPGP public keys, ASCII-armored. If there are any, a bundle is only imported if"
        " one of them has signed its snapshot.",
    )

    class Meta(core.RepositorySerializer.Meta):
        model = CargoRepository
        fields = (
            *core.RepositorySerializer.Meta.fields,
            "crates_io_rules",
            "crate_owners",
            "index_aliases",
            "signing_service",
            "snapshot_keys",
        )

    def validate_index_aliases(self, urls: Iterable[str]) -> list[str]:
        """Refuse URLs that cargo could not use, and remove duplicates."""
        with refused_as_invalid():
            return list(dict.fromkeys(parse_registry_url(url) for url in urls))

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse another remote to those who may not modify the repository: syncs would use it."""
        data = super().validate(data)
        remote = data.get("remote")
        if self.instance is not None and remote and remote.pk != self.instance.remote_id:
            with refused_as_forbidden():
                require_modifiable(self.instance, get_current_authenticated_user())
        return data
