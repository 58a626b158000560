"""Refuses references to objects at which core's fields fail.

Core expects text, and a PRN of an object that exists and has a URL. For anything else the response
would be a 500.
"""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework.exceptions import ValidationError
from rest_framework.serializers import HyperlinkedRelatedField

from pulpcore.plugin.util import resolve_prn


def reference_fault(field: HyperlinkedRelatedField, value: Any) -> str | None:
    """Return why a field of core would fail at a value, None if it would not."""
    if value is None:
        return None
    if not isinstance(value, str):
        shown = type(value).__name__
        return str(field.error_messages["incorrect_type"].format(data_type=shown))
    if not _is_url(value):
        return str(field.error_messages["no_match"])
    if value.startswith("prn:") and not _exists(field, value):
        return str(field.error_messages["does_not_exist"])
    return None


def _is_url(value: str) -> bool:
    try:
        urlsplit(value)
    except ValueError:
        # For instance, its host begins as an IPv6 address: `http://[`.
        return False
    return True


def _exists(field: HyperlinkedRelatedField, prn: str) -> bool:
    """Return whether a PRN names an object of the field's kind; the field knows who may see it."""
    try:
        model, pk = resolve_prn(prn)
    except ValidationError:
        # The field's own message says what is wrong with the text.
        return True
    expected = field.queryset.model
    if not (issubclass(model, expected) or issubclass(expected, model)):
        return False
    try:
        return bool(expected.objects.filter(pk=pk).exists())
    except DjangoValidationError:
        # Core checks only keys that the model itself has, not those of its parents.
        return False
