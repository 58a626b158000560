"""Distributions, which are cargo's registries, in the REST API."""

import re
from typing import Any

from rest_framework import serializers

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import ContentGuard
from pulpcore.plugin.util import get_current_authenticated_user, get_prn

from pulp_cargo.app.models import CargoDistribution, CargoRemote, CargoRepository
from pulp_cargo.app.serializers.core_fields import DocumentedFields
from pulp_cargo.app.serializers.errors import refused_as_forbidden, refused_as_invalid
from pulp_cargo.app.serializers.shown_fields import ShownFields
from pulp_cargo.app.serializers.upstream_list import UpstreamListFields, place_for_uploads
from pulp_cargo.app.serializers.visible import (
    CratePolicyField,
    VisibleDetailField,
    VisibleVersionField,
)
from pulp_cargo.app.services import repository_use, upstream_list
from pulp_cargo.rules.repository_use import NOTHING, Conflict, DistributionUse, Use

BASE_PATH = re.compile(r"[A-Za-z0-9._~/-]+")


class CargoConfigSerializer(ShownFields):
    """Shows the lines for cargo's configuration."""

    config = serializers.CharField(
        read_only=True, help_text="The lines to add to cargo's config.toml."
    )

    class Meta:
        ref_name = "cargo.CargoConfig"


class CargoDistributionSerializer(
    DocumentedFields, UpstreamListFields, core.DistributionSerializer
):
    """Shows and creates registries."""

    base_url = serializers.CharField(
        source="index_url",
        read_only=True,
        help_text="The index URL of the registry for cargo's configuration.",
    )
    repository = VisibleDetailField(
        required=False,
        allow_null=True,
        view_name="repositories-cargo/cargo-detail",
        queryset=CargoRepository.objects.all(),
        help_text="The repository whose newest version is served. With `upstreams`, the"
        " repository in the list that accepts publishes.",
    )
    repository_version = VisibleVersionField(
        required=False, allow_null=True, help_text="The repository version that is served."
    )
    content_guard = VisibleDetailField(
        required=False,
        allow_null=True,
        view_name_pattern=r"contentguards(-.*/.*)?-detail",
        queryset=ContentGuard.objects.all(),
        help_text="The content guard that decides who may read; null for none.",
    )
    remote = VisibleDetailField(
        required=False,
        allow_null=True,
        view_name="remotes-cargo/cargo-detail",
        queryset=CargoRemote.objects.all(),
        help_text="The remote of the upstream that this registry caches. All of its crates are"
        " served, and stored in the repository, if there is one. A cache accepts no"
        " publishes.",
    )
    crate_policy = CratePolicyField(
        help_text="The crate policy for all upstreams of this registry, in addition to the policy"
        " of each remote; null for none."
    )
    allow_uploads = serializers.BooleanField(
        default=bool,
        help_text="Whether `cargo publish` and `cargo yank` are allowed. This requires a"
        " `repository`, and neither a `remote` nor a `repository_version`. False by default.",
    )
    auth_required = serializers.BooleanField(
        default=bool, help_text="Whether reads also require a token; false by default."
    )
    hidden = serializers.BooleanField(
        default=bool,
        help_text="Whether public lists of registries omit this one; false by default.",
    )

    class Meta(core.DistributionSerializer.Meta):
        model = CargoDistribution
        fields = (
            *core.DistributionSerializer.Meta.fields,
            "remote",
            "crate_policy",
            "allow_uploads",
            "auth_required",
            "upstreams",
            "reserved_names",
            "mixed_names",
        )

    def get_content_guard_prn(self, distribution: CargoDistribution) -> str | None:
        """Return the guard's PRN, without core's query for each row of a list."""
        guard = distribution.content_guard
        if guard is None:
            return None
        kind = guard.get_model_for_pulp_type(guard.pulp_type)
        return get_prn(kind(pk=guard.pk, pulp_type=guard.pulp_type))

    def validate_base_path(self, path: str) -> str:
        """Refuse characters that a URL must encode, since cargo uses the URL unchanged."""
        path = super().validate_base_path(path)
        if not BASE_PATH.fullmatch(path):
            raise serializers.ValidationError(
                f"{path!r} can only have letters, digits, `-`, `_`, `.`, `~` and slashes, because"
                " it is part of the URL that cargo stores."
            )
        return path

    def validate_remote(self, remote: CargoRemote | None) -> CargoRemote | None:
        """Refuse remotes that only syncs can use."""
        with refused_as_invalid():
            repository_use.require_for_caches(remote)
        return remote

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        """Refuse repositories of other types, and uploads without a repository for them."""
        data = super().validate(data)
        version = data.get("repository_version")
        if version and version.repository.pulp_type != CargoRepository.get_pulp_type():
            raise serializers.ValidationError(
                {"repository_version": "This is not a version of a Cargo repository."}
            )
        entries = self.upstreams_of(data)
        self.require_sound_upstreams(data, entries)
        if self.value(data, "allow_uploads"):
            self._require_place_for_uploads(data, entries)
        self._require_allowed(
            repository_use.use_of(
                repository=self.value(data, "repository"),
                remote=self.value(data, "remote"),
                allow_uploads=self.value(data, "allow_uploads"),
                upstreams=entries,
            )
        )
        return data

    def _require_place_for_uploads(
        self, data: dict[str, Any], entries: list[dict[str, Any]]
    ) -> None:
        repository = self.value(data, "repository")
        if entries:
            fault = place_for_uploads(entries, repository)
        elif self.value(data, "remote"):
            fault = "A registry with a `remote` cannot have `allow_uploads`: use two distributions."
        elif self.value(data, "repository_version"):
            fault = "A registry that serves one `repository_version` cannot have `allow_uploads`."
        elif not repository:
            fault = "A registry without a `repository` cannot have `allow_uploads`."
        else:
            fault = None
        if fault is not None:
            raise serializers.ValidationError({"allow_uploads": fault})

    def _require_allowed(self, after: DistributionUse) -> None:
        """Refuse uses of repositories that conflict, or that the user has no right to."""
        before = self._use_before()
        conflict = repository_use.find_new_conflict(before, after, self.own_pk)
        if conflict is not None:
            raise serializers.ValidationError(_fault(conflict))
        with refused_as_forbidden():
            # In the task there is no request, but the same user; by then another change may have
            # changed the result.
            repository_use.require_permitted(before, after, get_current_authenticated_user())

    def _use_before(self) -> DistributionUse:
        before = self.instance
        if before is None:
            return NOTHING
        return repository_use.use_of(
            repository=before.repository,
            remote=before.remote,
            allow_uploads=before.allow_uploads,
            upstreams=upstream_list.entries(before),
        )


def _fault(conflict: Conflict) -> dict[str, Any]:
    if conflict.use.upstream is not None:
        return {"upstreams": [conflict.sentence]}
    field = "allow_uploads" if conflict.use.use is Use.UPLOADS else "repository"
    return {field: conflict.sentence}
