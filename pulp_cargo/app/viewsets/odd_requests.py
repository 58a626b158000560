"""Refuses requests at which core's viewsets, Django REST framework or PostgreSQL fail.

Without these checks such a request would be a 500.
"""

from collections.abc import Iterable, Mapping
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import (
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import DataError
from django.db.models import QuerySet
from psycopg.errors import InvalidRegularExpression
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from pulp_cargo.rules.storable import storage_fault

# The parameters of lists with a regular expression; `q` combines other filters.
ENDS = ("__regex", "__iregex", "q")
# Core looks up the names in these requests as they are.
ROLE_ACTIONS = ("add_role", "remove_role")
# Django's limits, by the errors for requests beyond them.
LIMITS = {
    RequestDataTooBig: "DATA_UPLOAD_MAX_MEMORY_SIZE",
    TooManyFieldsSent: "DATA_UPLOAD_MAX_NUMBER_FIELDS",
    TooManyFilesSent: "DATA_UPLOAD_MAX_NUMBER_FILES",
}
# The errors of core's filters for URLs of something else, PRNs of unknown models or without a UUID,
# and text that looks like an IPv6 address.
UNRESOLVED = (AttributeError, LookupError, ValueError, DjangoValidationError)
NO_OBJECT = "it is not the URL or PRN of an object of this kind"


class TooLarge(APIException):
    """A body is larger than Django accepts; its own response is a page without the reason."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE

    def __init__(self, limit: str) -> None:
        most = getattr(settings, limit)
        super().__init__(
            f"the request is larger than the setting `{limit}` allows, which is {most}"
        )


class ShallowJSONParser(JSONParser):
    """Refuses JSON that is nested more deeply than Python's parser reads."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Parse a body."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - it has too many levels") from error


class RefusesOddRequests:
    """A mixin for all viewsets; precedes core's viewset."""

    parser_classes = (ShallowJSONParser, FormParser, MultiPartParser)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse names of users, groups and roles that PostgreSQL cannot store."""
        super().initial(request, *args, **kwargs)
        if self.action in ROLE_ACTIONS and isinstance(request.data, Mapping):
            faults = {name: storage_fault(value) for name, value in request.data.items()}
            if found := {name: [fault] for name, fault in faults.items() if fault is not None}:
                raise ValidationError(found)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Refuse URLs and PRNs at which the filters of core fail.

        Django can hardly use the result of `q`, a combination of queries, so it becomes a condition.
        """
        try:
            found = super().filter_queryset(queryset)
        except UNRESOLVED as error:
            given = self.request.query_params
            names = [name for name in given if any(map(_is_reference, given.getlist(name)))]
            if not names:
                raise
            raise _refusal(names, error) from error
        if not found.query.combinator:
            return found
        order = found.query.order_by
        return queryset.filter(pk__in=found.order_by().values("pk")).order_by(*order)

    def handle_exception(self, error: Exception) -> Response:
        """Return an error with the reason for what Django, or PostgreSQL in a filter, refuses."""
        if limit := LIMITS.get(type(error)):
            error = TooLarge(limit)
        given = getattr(self.request, "query_params", {})
        if isinstance(error, DataError) and self.request.method == "GET" and given:
            is_regex = isinstance(error.__cause__, InvalidRegularExpression)
            names = [name for name in given if not is_regex or name.endswith(ENDS)]
            error = _refusal(names, error)
        return super().handle_exception(error)


def _is_reference(value: str) -> bool:
    """Whether a value is, or contains, what core would resolve to an object."""
    return "/" in value or "prn:" in value


def _refusal(names: Iterable[str], error: Exception) -> ValidationError:
    """Return an error for parameters, each of which may be the cause of another error."""
    reason = str(error).partition("\n")[0] if isinstance(error, DataError) else NO_OBJECT
    return ValidationError({name: [f"This value cannot be used: {reason}"] for name in names})
