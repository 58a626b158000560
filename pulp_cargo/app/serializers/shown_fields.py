"""`fields` and `exclude_fields` for responses that are not core's serializers."""

from drf_queryfields import QueryFieldsMixin
from rest_framework import serializers

from pulpcore.plugin import serializers as core


class ShownFields(QueryFieldsMixin, serializers.Serializer):
    """Supports `fields` and `exclude_fields`, which the schema has for every GET."""

    exclude_arg_name = core.ModelSerializer.exclude_arg_name
