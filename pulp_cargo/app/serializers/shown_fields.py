"""Answers that are not core's own kind, but are cut to what the query wants as those are."""

from drf_queryfields import QueryFieldsMixin
from rest_framework import serializers

from pulpcore.plugin import serializers as core


class ShownFields(QueryFieldsMixin, serializers.Serializer):
    """Honours `fields` and `exclude_fields`, which the schema has for every GET."""

    exclude_arg_name = core.ModelSerializer.exclude_arg_name
