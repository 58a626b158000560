"""Choice fields with names of their own in the OpenAPI schema.

By default the schema names a set of values by its field, and another plugin may have a `KindEnum`,
too. Generated clients make a class of each.
"""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction
from rest_framework import serializers


class NamedChoiceField(serializers.ChoiceField):
    """A choice whose values are `Cargo{what}Enum` in the schema."""

    def __init__(self, what: str, choices: Iterable[Any], **kwargs: Any) -> None:
        self.enum_name = f"Cargo{what}Enum"
        super().__init__(choices, **kwargs)


class NamedChoiceExtension(OpenApiSerializerFieldExtension):
    """Describes such a field in the schema."""

    target_class = NamedChoiceField

    def get_name(self) -> str:
        """Return the name of the set of values."""
        return str(self.target.enum_name)

    def map_serializer_field(self, auto_schema: AutoSchema, direction: Direction) -> dict[str, Any]:
        """Return the values, and names for them in generated clients.

        Otherwise openapi-generator spells out the hyphen: `PUBLISH_MINUS_NEW`.
        """
        values = list(self.target.choices)
        names = [value.upper().replace("-", "_") for value in values]
        return {"type": "string", "enum": values, "x-enum-varnames": names}
