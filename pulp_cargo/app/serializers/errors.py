"""The rules of cargo as Pulp's REST API reports that they are broken."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.serializers import ValidationError

from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.unavailable import Unavailable


class NotNow(APIException):
    """Says that the same request may do later, and when; Django REST framework reads `wait`."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE

    def __init__(self, error: Unavailable) -> None:
        super().__init__(str(error))
        self.wait = error.retry_after


@contextmanager
def refused_as_invalid() -> Iterator[None]:
    """Turn what breaks a rule into a 400 with the rule's sentence, and what cannot be now into a 503."""
    try:
        yield
    except Unavailable as error:
        raise NotNow(error) from error
    except RegistryError as error:
        raise ValidationError(str(error)) from error
