"""Filters by regular expressions, which core passes to PostgreSQL as they are."""

from django.db import DataError
from psycopg.errors import InvalidRegularExpression
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

# The parameters of lists with such an expression; `q` combines other filters.
ENDS = ("__regex", "__iregex", "q")


class WithRegularExpressions:
    """A mixin for viewsets whose lists have such filters; precedes core's viewset."""

    def handle_exception(self, error: Exception) -> Response:
        """Return a 400 for an expression that PostgreSQL refuses."""
        if isinstance(error, DataError) and isinstance(error.__cause__, InvalidRegularExpression):
            reason = str(error).partition("\n")[0]
            names = [name for name in self.request.query_params if name.endswith(ENDS)]
            error = ValidationError({name: [reason] for name in names})
        return super().handle_exception(error)
