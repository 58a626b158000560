"""Refuses requests with values that PostgreSQL cannot store.

Without these checks such a request would be a 500: core stores the data of a request in the row of a
task, and lists unknown fields in its response.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from rest_framework import serializers

from pulp_cargo.rules.storable import storage_fault, text_fault

NO_FIELD = "non_field_errors"


def require_object(data: Any) -> None:
    """Refuse a request that is not a JSON object or a form, at which some serializers of core fail."""
    if not isinstance(data, Mapping):
        message = serializers.Serializer.default_error_messages["invalid"]
        fault = message.format(datatype=type(data).__name__)
        raise serializers.ValidationError({NO_FIELD: [fault]})


class StorableRequest(serializers.Serializer):
    """A request without values that PostgreSQL cannot store, at any level and in any field.

    That includes read-only fields, and those that core does not validate below the first level.
    """

    # Fields that are not stored as sent, and have a better message of their own.
    validates_text_itself: ClassVar[frozenset[str]] = frozenset()

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Check the request as sent, before anything else looks at it."""
        if data is not serializers.empty and data is not None:
            require_object(data)
        self._require_storable(data)
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        """Check the values of the fields as well: a field of a form may have JSON."""
        values = super().to_internal_value(data)
        self._require_storable(values)
        return values

    def _require_storable(self, data: Any) -> None:
        if not isinstance(data, Mapping):
            return
        for field, value in data.items():
            fault = text_fault(str(field), "the name of a field")
            if fault is not None:
                raise serializers.ValidationError({NO_FIELD: [fault]})
            if field not in self.validates_text_itself:
                fault = storage_fault(value)
            if fault is not None:
                raise serializers.ValidationError({field: [fault]})
