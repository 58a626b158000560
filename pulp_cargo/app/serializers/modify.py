"""`modify` for content that the user may view."""

from collections.abc import Iterable
from typing import Any

from pulpcore.plugin import serializers as core
from pulpcore.plugin.models import Content
from pulpcore.plugin.util import extract_pk, raise_for_unknown_content_units

from pulp_cargo.app.models import CargoRepository
from pulp_cargo.app.serializers.storable import StorableRequest
from pulp_cargo.app.serializers.visible import VisibleVersionField


class ModifyRepositorySerializer(StorableRequest, core.RepositoryAddRemoveContentSerializer):
    """Accepts the same as core's, limited to what the user may view."""

    base_version = VisibleVersionField(
        required=False,
        help_text="The repository version to start from.",
    )

    def validate_add_content_units(self, hrefs: Iterable[str]) -> list[str]:
        """Refuse units that the user may not view as if they did not exist."""
        by_pk = {extract_pk(href): href for href in hrefs}
        seen: list[Any] = []
        for kind in CargoRepository.CONTENT_TYPES:
            units = self.context["visible"][kind]().filter(pk__in=by_pk)
            seen += units.values_list("pk", flat=True)
        units = Content.objects.filter(pk__in=seen)
        raise_for_unknown_content_units(units, by_pk)
        units.touch()
        return list(by_pk)
