"""Errors of the registry in the form of Pulp's REST API."""

from collections.abc import Iterator
from contextlib import contextmanager

from rest_framework import status
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.serializers import ValidationError

from pulp_cargo.app.services.repository_use import NotPermitted
from pulp_cargo.protocol.errors import RegistryError
from pulp_cargo.protocol.unavailable import Unavailable


class NotNow(APIException):
    """A 503 for a request that can be retried; Django REST framework reads `wait`."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE

    def __init__(self, error: Unavailable) -> None:
        super().__init__(str(error))
        self.wait = error.retry_after


@contextmanager
def refused_as_invalid() -> Iterator[None]:
    """Convert broken rules into a 400 with their message, and temporary failures into a 503."""
    try:
        yield
    except Unavailable as error:
        raise NotNow(error) from error
    except RegistryError as error:
        raise ValidationError(str(error)) from error


@contextmanager
def refused_as_forbidden() -> Iterator[None]:
    """Convert a missing right to modify a repository into a 403 with its message."""
    try:
        yield
    except NotPermitted as error:
        raise PermissionDenied(str(error)) from error
