"""`modify` for content that the user may view."""

from collections.abc import Iterable
from typing import Any

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Content
from pulpcore.plugin.util import extract_pk, raise_for_unknown_content_units

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.app.serializers.visible import VisibleVersionField, visible


class ModifyRepositorySerializer(StorableRequest, core.RepositoryAddRemoveContentSerializer):
    """Accepts the same as core's, limited to what the user may view."""

    base_version = VisibleVersionField(
        required=False,
        help_text="The repository version to start from.",
    )

    def validate_add_content_units(self, hrefs: Iterable[str]) -> list[str]:
        """Refuse units that the user may not view as if they did not exist."""
        by_pk = {extract_pk(href): href for href in hrefs}
        self._require_visible(by_pk).touch()
        return list(by_pk)

    def validate_remove_content_units(self, hrefs: list[str]) -> list[str]:
        """Do the same for units to remove; `*` means all."""
        if "*" in hrefs:
            all_units: list[str] = super().validate_remove_content_units(hrefs)
            return all_units
        by_pk = {extract_pk(href): href for href in hrefs}
        self._require_visible(by_pk)
        return list(by_pk)

    def _require_visible(self, by_pk: dict[str, str]) -> Any:
        """Return the units; raises ValidationError with the hrefs of those that are not there."""
        seen: list[Any] = []
        for kind in CargoRepository.CONTENT_TYPES:
            units = visible(self.context["request"], kind).filter(pk__in=by_pk)
            seen += units.values_list("pk", flat=True)
        found = Content.objects.filter(pk__in=seen)
        raise_for_unknown_content_units(found, by_pk)
        return found
