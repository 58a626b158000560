"""What people see in the lists of our viewsets, for what else they may name in a request."""

from collections.abc import Callable
from functools import partial

from django.db.models import Model, QuerySet
from rest_framework.request import Request

from pulpcore.plugin import viewsets as core


def visible(
    request: Request, *viewsets: type[core.NamedModelViewSet]
) -> dict[type[Model], Callable[[], QuerySet]]:
    """Return functions that ask what the asker sees, by model: each takes queries."""
    return {one.queryset.model: partial(_listed, one, request) for one in viewsets}


def _listed(viewset: type[core.NamedModelViewSet], request: Request) -> QuerySet:
    lister = viewset()
    lister.request = request
    return lister.get_queryset()
