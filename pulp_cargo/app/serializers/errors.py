"""The rules of cargo as Pulp's REST API reports that they are broken."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework.serializers import ValidationError

from pulp_cargo.protocol.errors import RegistryError


@contextmanager
def refused_as_invalid() -> Iterator[None]:
    """Turn what breaks a rule into a 400 with the rule's sentence."""
    try:
        yield
    except RegistryError as error:
        raise ValidationError(str(error)) from error
